import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';
import { sweepTemporary, temporaryFolder } from '../../src/git/temporary.ts';

/** The id of a process that has ended. */
const gone = (): number => spawnSync(process.execPath, ['--version']).pid;

test('the folders of processes that are gone are removed, and nothing else', async () => {
  const own = temporaryFolder('gate');
  const ours = basename(own).split('-')[3] ?? '';
  const like = (pid: number, space = ours): string => join(tmpdir(), `andon-gate-${pid}-${space}-made`);
  const left = like(gone());
  mkdirSync(join(left, 'tree'), { recursive: true });
  writeFileSync(join(left, 'tree', 'file'), 'x');
  // A folder of another machine or namespace of ids; a link to a foreign folder; a name of another program.
  const [elsewhere, linked, other] = [
    like(gone(), '00000000'),
    like(gone()),
    join(tmpdir(), 'andon-gate-mine'),
  ];
  for (const folder of [elsewhere, other]) mkdirSync(folder);
  symlinkSync(other, linked);
  const { removed } = await sweepTemporary();
  expect(removed).toContain(basename(left));
  for (const path of [own, elsewhere, linked, other]) {
    expect(removed).not.toContain(basename(path));
    expect(existsSync(path)).toBe(true);
  }
  expect(existsSync(left)).toBe(false);
});
