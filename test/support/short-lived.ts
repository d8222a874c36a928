/**
 * Options of Node for a short-lived process: PGlite is WebAssembly, and for seconds after its start most of
 * the time goes into compiling it a second time, better.
 */
export const shortLived: readonly string[] = ['--liftoff-only'];
