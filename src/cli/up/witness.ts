import { resolve } from 'node:path';
import { parseWitness, type WitnessName } from '../../gateway/log-mark/places.ts';
import { fail } from '../../lib/errors.ts';

/** The witness of `--witness`, with an absolute path. Errors: `cli.usage`. */
export function witnessAt(text: string, cwd: string): WitnessName {
  const found = parseWitness(text);
  if (found === undefined)
    throw fail('cli.usage', '--witness', { found: text, limit: 'file:PATH, command:PATH or mirror' });
  return found.kind === 'mirror' ? found : { ...found, path: resolve(cwd, found.path) };
}
