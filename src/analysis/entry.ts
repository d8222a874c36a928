import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

const isSource = import.meta.url.endsWith('.ts');

/** Where a module of this folder is: compiled, or in the sources, where it runs through tsx. */
export const sibling = (name: string): URL => new URL(`./${name}.${isSource ? 'ts' : 'js'}`, import.meta.url);

/** What Node needs to start a process on a `sibling`. */
export function processArgv(): string[] {
  if (!isSource) return [];
  // Test runners that load modules themselves have no import.meta.resolve.
  return ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href];
}

/**
 * The module that a thread starts on to run one that lies beside the caller (`import.meta.url`): tsx's loader passes over
 * threads unless it is called there.
 */
export function threadEntry(caller: string, name: string): URL {
  const { href } = new URL(`./${name}.${isSource ? 'ts' : 'js'}`, caller);
  if (!isSource) return new URL(href);
  const code = `import { register } from '${import.meta.resolve('tsx/esm/api')}'; register(); await import('${href}');`;
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}
