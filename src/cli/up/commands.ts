import { accessSync, constants } from 'node:fs';
import { resolve } from 'node:path';
import { fail } from '../../lib/errors.ts';
import { plainNamePattern } from '../../lib/names.ts';

/**
 * The programs of `--command name=path`, by name, with absolute paths. Errors: `cli.usage` for a program that
 * cannot be run.
 */
export function namedCommands(given: readonly string[], cwd: string): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const at = text.indexOf('=');
      const name = text.slice(0, Math.max(0, at));
      if (!plainNamePattern.test(name))
        throw fail('cli.usage', '--command', { found: text, limit: 'name=path, the name in lower case' });
      return [name, runnable(resolve(cwd, text.slice(at + 1)))];
    }),
  );
}

function runnable(file: string): string {
  try {
    accessSync(file, constants.X_OK);
    return file;
  } catch (error) {
    throw fail('cli.usage', '--command', { found: file, limit: 'a program that can be started' }, error);
  }
}
