import { readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The native program behind Codex's npm shim, a Node program that only starts the native one; the given
 * program itself when it is no such shim. The packages of the native program lie beside the shim's, one per
 * platform: `@openai/codex-linux-x64/vendor/<target>/bin/codex`.
 */
export function nativeCodex(program: string): string {
  try {
    const file = realpathSync(program);
    if (!file.endsWith('.js')) return program;
    const shim = dirname(dirname(file));
    const name = `codex-${process.platform}-${process.arch}`;
    const homes = [join(dirname(shim), name), join(shim, 'node_modules/@openai', name)];
    return homes.map(inPackage).find((found) => found !== undefined) ?? program;
  } catch {
    // The file is missing; starting the program will report it.
    return program;
  }
}

function inPackage(folder: string): string | undefined {
  try {
    const vendor = join(folder, 'vendor');
    const [target] = readdirSync(vendor);
    return target === undefined ? undefined : realpathSync(join(vendor, target, 'bin/codex'));
  } catch {
    return undefined;
  }
}
