import { readdirSync, readFileSync, statSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { type MachineLimits, machineLimitsDefault } from '../../src/sandbox/machine-limits.ts';
import { gateOf, leavesOut, type Mode, modesHere, removeFolders } from '../support/containment.ts';

afterEach(removeFolders);

/** Number of processes of that user that have not ended. */
const processesOf = (uid: number): number =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => statSync(`/proc/${name}`, { throwIfNoEntry: false })?.uid === uid)
    .filter((name) => !/^State:\s+[ZX]/m.test(read(`/proc/${name}/status`))).length;

function read(file: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return 'State: X';
  }
}

const isAlive = (words: string): boolean =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => read(`/proc/${pid}/cmdline`).includes(words));

describe.each(modesHere())('what a gate may take of the machine, as $mode', ({ mode, change }) => {
  const isRoot = mode.startsWith('root');
  leavesOut(mode as Mode, isRoot ? [] : ['a fork bomb: between two counts only a user of its own is held']);
  const gate = (limits: Partial<MachineLimits>, command: string) =>
    gateOf(command, { ...change, limits: { ...machineLimitsDefault, ...limits } });
  // A gate without such limits leaves some of them, for as long.
  const mark = `20.0${process.pid}`;

  it('ends one that has more processes than the plan allows, and says which limit, found and limit', async () => {
    const { passed, exitCode, output } = await gate(
      { processes: 20 },
      `for n in $(seq 40); do sleep ${mark}1 & done; wait`,
    );
    expect({ passed, exitCode }).toEqual({ passed: false, exitCode: null });
    const [, found] = /ended at limits\.machine\.processes: found (\d+), limit 20/.exec(output) ?? [];
    expect(Number(found)).toBeGreaterThan(20);
    expect(isAlive(`sleep\0${mark}1`)).toBe(false);
  });

  it('counts what has left its group and its environment, where something holds that', async () => {
    const { output } = await gate(
      { processes: 20 },
      `for n in $(seq 40); do setsid env -i sleep ${mark}2 & done; sleep 60`,
    );
    expect(output).toMatch(/limits\.machine\.processes: found \d+, limit 20/);
    if (mode !== 'user') expect(isAlive(`sleep\0${mark}2`)).toBe(false);
  });

  it('ends one whose processes have more memory together', async () => {
    const hold = 'node -e "globalThis.a = Buffer.alloc(90e6, 1); setTimeout(() => undefined, 60000)"';
    const { passed, output } = await gate({ memoryBytes: 200e6 }, `${hold} & ${hold} & ${hold} & wait`);
    expect(output).toMatch(/ended at limits\.machine\.memory: found \d+MB, limit 200MB/);
    expect(passed).toBe(false);
  });

  it('does not count memory twice that processes share', async () => {
    const share = 'perl -e "my \\$a = q(x) x 120e6; for (1..4) { fork or last } sleep 4; print qq(lived)"';
    const { passed, output } = await gate({ memoryBytes: 500e6 }, share);
    expect(output).not.toContain('limits.machine');
    expect(passed).toBe(true);
  });

  it('ends one that writes more to the disk, wherever it may write, also at its very end', async () => {
    const write = 'for n in 1 2 3; do head -c 12000000 /dev/zero > "$HOME/$n"; done';
    const ended = await gate({ diskBytes: 20e6 }, `${write}; sleep 60`);
    expect(ended.output).toMatch(/ended at limits\.machine\.disk: found \d+MB, limit 20MB/);
    expect(ended.passed).toBe(false);
    const last = await gate({ diskBytes: 20e6 }, `sleep 1.5; ${write}`);
    expect(last).toMatchObject({ passed: false, exitCode: null });
  });

  it('lets no file grow beyond that', async () => {
    const { output } = await gate({ diskBytes: 5e6 }, 'head -c 50000000 /dev/zero > big; wc -c < big');
    const [, size = ''] = /^(\d+)$/m.exec(output) ?? [];
    expect(Number(size)).toBeLessThan(7e6);
  });

  it('gives a process no more open files', async () => {
    const { output } = await gate({ openFiles: 100 }, 'ulimit -n; ulimit -Hn');
    expect(output).toBe('100\n100\n');
  });

  it.runIf(isRoot)('holds a fork bomb, and leaves nothing of it', async () => {
    const { passed, output } = await gate(
      { processes: 32 },
      'id -u; b() { sleep 60 & b & b & wait; }; b; sleep 60',
    );
    expect(output).toMatch(/ended at limits\.machine\.processes: found \d+, limit 32/);
    expect(passed).toBe(false);
    expect(processesOf(Number(output.split('\n')[0]))).toBe(0);
  });

  it('lets the usual through', async () => {
    expect(await gate({}, 'sleep 1.2; echo fine')).toMatchObject({ passed: true, output: 'fine\n' });
  });
});
