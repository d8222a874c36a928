import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { AndonError } from '../../src/lib/errors.ts';
import { runGate } from '../../src/sandbox/run-gate.ts';

/**
 * Runs a gate twice in the folder: with fewer descriptors than a child needs, then with all of them. Prints
 * the results.
 */
const [folder = ''] = process.argv.slice(2);
mkdirSync(join(folder, 'tree'), { recursive: true });

const gate = (): Promise<void> =>
  runGate({
    folder,
    command: 'true',
    timeoutMs: 20_000,
    sandbox: 'preferred',
    searchPath: '/nonexistent',
  }).then(
    ({ passed }) => console.log(passed ? 'passed' : 'failed'),
    (error: unknown) => console.log(error instanceof AndonError ? said(error) : error),
  );

const said = ({ code, reasons: [{ found }] }: AndonError): string => `${code} ${found}`;

const held: number[] = [];
try {
  for (;;) held.push(openSync('/dev/null', 'r'));
} catch {
  // Enough descriptors to read the folder.
  for (const one of held.splice(0, 3)) closeSync(one);
}
await gate();
for (const one of held) closeSync(one);
await gate();
