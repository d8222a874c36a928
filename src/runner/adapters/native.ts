import { readdirSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * The native program behind Codex's npm shim, which is a Node program that only starts it; the program itself where it is
 * no such shim. The packages that hold it lie beside the shim's own, one per platform:
 * `@openai/codex-linux-x64/vendor/<target>/bin/codex`.
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
    // It is not there, which its start will say.
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
