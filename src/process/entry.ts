import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const isSource = import.meta.url.endsWith('.ts');

/** The module of that name beside the caller (`import.meta.url`): compiled, or a source, which runs through tsx. */
const beside = (caller: string, name: string): URL => new URL(`./${name}.${isSource ? 'ts' : 'js'}`, caller);

/** The file that starts the module beside the caller as a process of Node, and the words before it. */
export const processEntry = (caller: string, name: string): { file: string; execArgv: string[] } => ({
  file: fileURLToPath(beside(caller, name)),
  execArgv: isSource ? ['--import', loader()] : [],
});

// Test runners that load modules themselves have no import.meta.resolve.
const loader = (): string => pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/**
 * The module on which a thread starts in order to run the module beside the caller: tsx's loader passes over
 * threads unless it is called inside of them.
 */
export function threadEntry(caller: string, name: string): URL {
  const { href } = beside(caller, name);
  if (!isSource) return new URL(href);
  const code = `import { register } from '${import.meta.resolve('tsx/esm/api')}'; register(); await import('${href}');`;
  return new URL(`data:text/javascript,${encodeURIComponent(code)}`);
}
