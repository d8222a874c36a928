import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withFileLock } from '../../../src/gateway/auth/file-lock.ts';
import { builtFolder } from '../../support/built.ts';
import { waitUntil } from '../../support/wait.ts';

const built = pathToFileURL(join(builtFolder(), 'dist/gateway/auth/file-lock.js')).href;

describe('the lock of a file', () => {
  let folder: string;
  let file: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'andon-lock-'));
    file = join(folder, 'token');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const run = (body: string) =>
    spawn(
      process.execPath,
      ['--input-type=module', '-e', `import { withFileLock } from '${built}';\n${body}`],
      {
        env: { ...process.env, FILE: file },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
  const ended = (child: ReturnType<typeof run>): Promise<number | null> =>
    new Promise((resolve) => child.once('exit', resolve));

  it('lets one of many processes at a time work on it, and leaves nothing behind', async () => {
    writeFileSync(file, '0');
    const add = `import { readFileSync, writeFileSync } from 'node:fs';
      import { setImmediate as turn } from 'node:timers/promises';
      for (let n = 0; n < 20; n++) await withFileLock(process.env.FILE, async () => {
        const before = Number(readFileSync(process.env.FILE, 'utf8'));
        await turn();
        writeFileSync(process.env.FILE, String(before + 1));
      });`;
    const all = Array.from({ length: 6 }, () => ended(run(add)));
    expect(await Promise.all(all)).toEqual(all.map(() => 0));
    expect(readFileSync(file, 'utf8')).toBe('120');
    expect(readdirSync(folder)).toEqual(['token']);
  });

  it('is taken at once from a process that was killed, and never from one that lives', async () => {
    const holder = run(`await withFileLock(process.env.FILE, async () => {
      console.log('held');
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    });`);
    await new Promise((resolve) => holder.stdout?.once('data', resolve));
    let isIn = false;
    const waiting = withFileLock(file, async () => {
      isIn = true;
    });
    const held = readFileSync(`${file}.lock`, 'utf8');
    // An old lock of a process that lives is no left-over: its owner is looked up.
    utimesSync(`${file}.lock`, 0, 0);
    for (let turn = 0; turn < 10; turn++) await new Promise((resolve) => setTimeout(resolve, 20));
    expect(isIn).toBe(false);
    expect(readFileSync(`${file}.lock`, 'utf8')).toBe(held);
    holder.kill('SIGKILL');
    await waiting;
    expect(readdirSync(folder)).toEqual(['token']);
  });

  it('is taken from another machine or container once it is old, and from a process whose number was given again', async () => {
    const lock = `${file}.lock`;
    writeFileSync(lock, 'elsewhere/pid:[1] 1 1 x');
    let isIn = false;
    const waiting = withFileLock(file, async () => {
      isIn = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(isIn).toBe(false);
    utimesSync(lock, new Date(Date.now() - 30_000), new Date(Date.now() - 30_000));
    await waiting;
    await withFileLock(file, async () => {
      const [space, pid, start] = readFileSync(lock, 'utf8').split(' ');
      expect(Number(pid)).toBe(process.pid);
      writeFileSync(`${lock}.kept`, `${space} ${pid} ${Number(start) - 1} x`);
    });
    writeFileSync(lock, readFileSync(`${lock}.kept`));
    await withFileLock(file, async () => undefined);
    rmSync(`${lock}.kept`);
    await waitUntil(async () => readdirSync(folder).length === 1);
  });

  it('is given back when the work fails', async () => {
    const failing = withFileLock(file, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    expect(readdirSync(folder)).toEqual(['token']);
  });
});
