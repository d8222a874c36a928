import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { linesOf } from '../../src/cli/lines.ts';

const folder = mkdtempSync(join(tmpdir(), 'andon-lines-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it.each([
  ['texts with line ends of Unicode', 'a\u2028b\u2029c\u0085d\n\ne\n', ['a\u2028b\u2029c\u0085d', '', 'e']],
  ['a last line without its end', 'a\nb', ['a', 'b']],
  ['nothing', '', []],
  [
    'a line longer than a chunk, with characters over its edge',
    `${'\u00e9'.repeat(200_001)}\nz\n`,
    ['\u00e9'.repeat(200_001), 'z'],
  ],
])('the lines of a file end at line feeds alone: %s', async (_name, text, lines) => {
  const path = join(folder, 'file');
  writeFileSync(path, text);
  const found: string[] = [];
  for await (const line of linesOf(path)) found.push(line);
  expect(found).toEqual(lines);
});
