/**
 * What Node is told when a process will not live long: PGlite is WebAssembly, and for seconds after its start most of
 * the time goes into compiling it a second time, better.
 */
export const shortLived: readonly string[] = ['--liftoff-only'];
