import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { limits } from '../../src/lib/limits.ts';
import { BoundedOutput } from '../../src/sandbox/bounded-output.ts';
import { type GateCommand, type GateEvidence, inGateRoom, runGate } from '../../src/sandbox/run-gate.ts';
import { findContainment } from '../../src/sandbox/sandbox.ts';
import { waitUntil } from '../support/wait.ts';

const folders: string[] = [];
const made = (): string => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-run-'));
  folders.push(folder);
  return folder;
};
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

async function run(command: string, change: Partial<GateCommand> = {}): Promise<GateEvidence> {
  const folder = change.folder ?? made();
  await mkdir(join(folder, 'tree'), { recursive: true });
  return runGate({ folder, command, timeoutMs: 20_000, sandbox: 'preferred', ...change });
}

/** Processes whose command line holds a text. */
function processesWith(text: string): string[] {
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && pid !== String(process.pid))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes(text);
      } catch {
        return false;
      }
    });
}

const isRoot = process.getuid?.() === 0;
const best = findContainment();
const pathWithoutBubblewrap = '/nonexistent-for-bwrap';
const kinds: { kind: string; change: Partial<GateCommand> }[] = [
  { kind: 'the best that this machine has', change: {} },
  { kind: 'what there is without bubblewrap', change: { searchPath: pathWithoutBubblewrap } },
];

describe.each(kinds)('a gate command, contained by $kind', ({ kind, change }) => {
  // Without root and without bubblewrap, a gate runs as the gateway itself does.
  const isHeld = isRoot || findContainment(change.searchPath).kind === 'bubblewrap';
  if (!isHeld) console.log(`left out, contained by ${kind}: what only root or bubblewrap can hold`);
  const gate = (command: string, more: Partial<GateCommand> = {}) => run(command, { ...change, ...more });

  it('shares its room with the commands behind it, and hands over nothing that one of them linked', async () => {
    const folder = made();
    await mkdir(join(folder, 'tree'), { recursive: true });
    // Everybody may write the file, so that everybody may link it.
    const foreign = join(folder, 'foreign');
    writeFileSync(foreign, 'x');
    chmodSync(foreign, 0o666);
    const { uid } = statSync(foreign);
    const step = { timeoutMs: 20_000 };
    const [first, second] = await inGateRoom({ folder, sandbox: 'preferred', ...change }, async (inRoom) => [
      await inRoom({ ...step, command: `ln ${foreign} linked; ls; id -u; echo kept > note; sleep 20 &` }),
      await inRoom({ ...step, command: 'cat note && id -u && echo more >> note' }),
    ]);
    expect([first?.passed, second?.passed]).toEqual([true, true]);
    expect(second?.output).toBe(`kept\n${first?.output.trim().split('\n').at(-1)}\n`);
    expect(statSync(foreign).uid).toBe(uid);
    if (kind !== 'the best that this machine has' && isRoot) expect(first?.output).toContain('linked');
  });

  it('passes with status 0 and fails with any other, output and status kept', async () => {
    expect(await gate('echo out; echo err >&2')).toMatchObject({
      passed: true,
      exitCode: 0,
      output: expect.stringMatching(/^(out\nerr|err\nout)\n$/),
    });
    expect(await gate('echo why; exit 7')).toMatchObject({ passed: false, exitCode: 7, output: 'why\n' });
    expect(await gate('kill -9 $$')).toMatchObject({ passed: false });
  });

  it('sees none of the environment of the gateway, and a HOME and TMPDIR of its own', async () => {
    process.env.ANDON_TEST_SECRET = 'do-not-show';
    const { output } = await gate(
      'env; echo "$HOME $TMPDIR"; touch "$HOME/h" "$TMPDIR/t" ./w && echo written',
    );
    delete process.env.ANDON_TEST_SECRET;
    expect(output).not.toContain('do-not-show');
    expect(output).toContain('written');
    expect(output).not.toContain(`HOME=${process.env.HOME}\n`);
    const names = output.split('\n').flatMap((row) => /^([A-Z_]+)=/.exec(row)?.[1] ?? []);
    expect(names.filter((name) => !['PWD', 'SHLVL', 'OLDPWD', '_'].includes(name)).sort()).toEqual([
      'ANDON_MARK',
      'CI',
      'HOME',
      'LANG',
      'PATH',
      'TMPDIR',
    ]);
  });

  it.runIf(isHeld)('does not see the folders of Andon', async () => {
    const hidden = made();
    writeFileSync(join(hidden, 'secret'), 'the key\n', { mode: 0o600 });
    const { output, passed } = await gate(`cat ${join(hidden, 'secret')}`, { hidden: [hidden] });
    expect(passed).toBe(false);
    expect(output).not.toContain('the key');
  });

  it('keeps head and tail of 100 MB of output, in bounded memory', async () => {
    const before = process.memoryUsage().rss;
    const { output, passed } = await gate(
      'echo first; head -c 100000000 /dev/zero | tr "\\0" x; echo; echo last',
    );
    expect(passed).toBe(true);
    expect(Buffer.byteLength(output)).toBeLessThan(limits.gateOutputBytesMax + 100);
    expect(output.startsWith('first\n')).toBe(true);
    expect(output.endsWith('last\n')).toBe(true);
    expect(output).toMatch(/… 99\d{6} bytes left out …/);
    expect(process.memoryUsage().rss - before).toBeLessThan(150_000_000);
  });

  it('ends at its time limit, and says so', async () => {
    const started = performance.now();
    const { passed, exitCode, output } = await gate('echo begun; sleep 60', { timeoutMs: 300 });
    expect({ passed, exitCode }).toEqual({ passed: false, exitCode: null });
    expect(output).toContain('begun');
    expect(output).toContain('ended after its time limit of 300 ms');
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('ends even when it ignores to be asked', async () => {
    const { passed, output } = await gate('trap "" TERM; while :; do sleep 0.1; done', { timeoutMs: 300 });
    expect(passed).toBe(false);
    expect(output).toContain('time limit');
  });

  it('ends when the gateway stops', async () => {
    const abort = new AbortController();
    const running = gate('sleep 60', { abort: abort.signal });
    abort.abort();
    expect((await running).output).toContain('the gateway stops');
  });

  it('leaves no grandchild alive, not even one in a session of its own', async () => {
    const mark = `77${Date.now() % 1_000_000}`;
    await gate(
      `setsid sleep ${mark}1 & sleep ${mark}2 & (setsid sh -c 'sleep ${mark}3 & sleep ${mark}4' &) ; sleep 0.2`,
    );
    await waitUntil(() => processesWith(`sleep\0${mark}`).length === 0, 5000);
  });

  it.runIf(isHeld)('leaves no grandchild alive that has shed its environment', async () => {
    const mark = `88${Date.now() % 1_000_000}`;
    await gate(`setsid env -i /bin/sh -c 'sleep ${mark}1; true' & sleep 0.2`);
    await waitUntil(() => processesWith(`sleep\0${mark}`).length === 0, 5000);
    expect(processesWith(`sleep ${mark}`)).toEqual([]);
  });

  it('does not wait for a grandchild that holds the output open', async () => {
    const started = performance.now();
    expect((await gate('sleep 30 & echo done')).passed).toBe(true);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('reports a command that is not there', async () => {
    expect(await gate('no-such-program-at-all')).toMatchObject({ passed: false, exitCode: 127 });
  });
});

describe('containment', () => {
  it.runIf(isRoot)(
    'runs as another user where there is no bubblewrap, and gives it nothing but the folder',
    async () => {
      const { output } = await run('id -u; stat -c %u .', { searchPath: pathWithoutBubblewrap });
      const [uid, owner] = output.split('\n');
      expect(uid).not.toBe('0');
      expect(owner).toBe(uid);
    },
  );

  it.runIf(isRoot)('gives two gates at once two users, so that neither can touch the other', async () => {
    const both = await Promise.all(
      ['1', '2'].map(() => run('id -u; sleep 0.5', { searchPath: pathWithoutBubblewrap })),
    );
    expect(new Set(both.map(({ output }) => output)).size).toBe(2);
  });

  it.runIf(isRoot)('follows no link out of the folder when it gives that away', async () => {
    const outside = made();
    writeFileSync(join(outside, 'mine'), '');
    const folder = made();
    await mkdir(join(folder, 'tree'));
    symlinkSync(join(outside, 'mine'), join(folder, 'tree', 'link'));
    symlinkSync(outside, join(folder, 'tree', 'dir'));
    await run('true', { folder, searchPath: pathWithoutBubblewrap });
    expect(statSync(join(outside, 'mine')).uid).toBe(0);
    expect(statSync(outside).uid).toBe(0);
  });

  it('refuses to run without bubblewrap where the operator requires it', async () => {
    const gate = run('true', { sandbox: 'required', searchPath: pathWithoutBubblewrap });
    await expect(gate).rejects.toMatchObject({ code: 'gate.sandbox' });
  });

  it.runIf(best.kind === 'bubblewrap')('reaches the network only where the plan opens it', async () => {
    const server = createServer((socket) => socket.end('hello'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const reach = `node -e 'require("net").connect(${port},"127.0.0.1").on("data",()=>process.exit(0)).on("error",()=>process.exit(7))'`;
    try {
      expect((await run(reach)).exitCode).toBe(7);
      expect((await run(reach, { network: true })).exitCode).toBe(0);
    } finally {
      server.close();
    }
  });

  it.each([
    'No permissions to create new namespace',
    'Creating new namespace failed: No space left on device',
  ])('counts a bubblewrap that the kernel gives no namespaces as none: %s', async (says) => {
    const searchPath = made();
    writeFileSync(join(searchPath, 'bwrap'), `#!/bin/sh\necho ${says} >&2\nexit 1\n`, { mode: 0o755 });
    expect(findContainment(searchPath).kind).not.toBe('bubblewrap');
    expect((await run('true', { searchPath })).passed).toBe(true);
    await expect(run('true', { sandbox: 'required', searchPath })).rejects.toMatchObject({
      code: 'gate.sandbox',
    });
  });

  it('is not weaker because the machine is short of processes: nothing runs until it can be told', async () => {
    const searchPath = made();
    const busy = join(searchPath, 'busy');
    writeFileSync(busy, '');
    const program = join(searchPath, 'bwrap');
    const says = 'bwrap: Creating new namespace failed: Resource temporarily unavailable';
    writeFileSync(program, `#!/bin/sh\n[ ! -e ${busy} ] || { echo ${says} >&2; exit 1; }\n`, { mode: 0o755 });
    expect(() => findContainment(searchPath)).toThrow(/machine\.exhausted/);
    await expect(run('true', { searchPath })).rejects.toMatchObject({ code: 'machine.exhausted' });
    rmSync(busy);
    expect(findContainment(searchPath)).toMatchObject({ kind: 'bubblewrap', program });
    // The same shortage while a gate is started.
    writeFileSync(busy, '');
    await expect(run('true', { searchPath })).rejects.toMatchObject({
      code: 'machine.exhausted',
      reasons: [{ found: says }],
    });
  });

  it('is not weaker because the machine is slow', () => {
    const searchPath = made();
    const program = join(searchPath, 'bwrap');
    writeFileSync(program, '#!/bin/sh\nexec sleep 60\n', { mode: 0o755 });
    expect(() => findContainment(searchPath, 200)).toThrow(/machine\.exhausted.*ETIMEDOUT/);
    writeFileSync(program, '#!/bin/sh\n');
    expect(findContainment(searchPath)).toMatchObject({ kind: 'bubblewrap', program });
  });

  it('takes the same words of a command for what they are', async () => {
    const said = await run('echo bwrap: Resource temporarily unavailable >&2; exit 1');
    expect(said).toMatchObject({ passed: false, exitCode: 1 });
  });

  it('is not said to have failed when no descriptor is left to start it', () => {
    const script = join(import.meta.dirname, '../support/starved-gate.ts');
    const args = ['-c', 'ulimit -n 200; exec "$0" --import tsx "$@"', process.execPath, script, made()];
    const { stdout, stderr } = spawnSync('/bin/sh', args, { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout).toBe('machine.exhausted EMFILE\npassed\n');
  });

  it('marks evidence of a gate that ran without bubblewrap', async () => {
    expect((await run('true', { searchPath: pathWithoutBubblewrap })).containment).not.toBe('bubblewrap');
    expect((await run('true')).containment).toBe(best.kind);
  });
});

describe('bounded output', () => {
  it('keeps everything below its limit, whatever the chunks', () => {
    const output = new BoundedOutput(10);
    for (const chunk of ['ab', 'cdef', 'ghij']) output.add(Buffer.from(chunk));
    expect(output.text()).toBe('abcdefghij');
  });

  it('never keeps more than its limit', () => {
    const output = new BoundedOutput(100);
    for (let i = 0; i < 1000; i++) output.add(Buffer.from(`${i},`));
    const text = output.text();
    expect(text.startsWith('0,1,2,')).toBe(true);
    expect(text.endsWith(',998,999,')).toBe(true);
    expect(text.length).toBeLessThan(100 + 40);
  });
});
