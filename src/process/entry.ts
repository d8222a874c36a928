import { createRequire } from 'node:module';
import { fileURLToPath, pathToFileURL } from 'node:url';

const isSource = import.meta.url.endsWith('.ts');
// This module lies one folder below the code, in the sources as in the program, whose build verifies it.
const code = new URL('../', import.meta.url);

/** A file that the program reads at run time, by its path below the code: `store/migrations/0001-schema.sql`. */
export const codeFile = (path: string): string => fileURLToPath(new URL(path, code));

/** A file of the package, by its path below the root: `package.json`, `examples/till`. */
export const packageFile = (path: string): string => fileURLToPath(new URL(`../${path}`, code));

/** A file that the build makes, by its path below the code; sources take that of the last build. */
export const builtFile = (path: string): string => (isSource ? packageFile(`dist/${path}`) : codeFile(path));

/** A module by its path below the code, without the ending: compiled, or a source, which runs through tsx. */
const moduleAt = (path: string): URL => new URL(`${path}.${isSource ? 'ts' : 'js'}`, code);

/** The file that starts a module as a process of Node, and the words before it. `scripts/bundle.mjs` names each. */
export const processEntry = (path: string): { file: string; execArgv: string[] } => ({
  file: fileURLToPath(moduleAt(path)),
  execArgv: isSource ? ['--import', loader()] : [],
});

// Test runners that load modules themselves have no import.meta.resolve.
const loader = (): string => pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

/**
 * The module on which a thread starts in order to run the module at that path: tsx's loader passes over
 * threads unless it is called inside of them.
 */
export function threadEntry(path: string): URL {
  const { href } = moduleAt(path);
  if (!isSource) return new URL(href);
  const text = `import { register } from '${import.meta.resolve('tsx/esm/api')}'; register(); await import('${href}');`;
  return new URL(`data:text/javascript,${encodeURIComponent(text)}`);
}
