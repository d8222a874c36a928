import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { type CliOptions, cleanEnvironment, cli, start } from '../support/cli.ts';
import { createEmptyDatabase } from '../support/engines.ts';
import { sourceRepository } from '../support/gateway.ts';
import { waitUntil } from '../support/wait.ts';

describe('the process that keeps the gateway of andon up', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-kept-'));
  let here: CliOptions;
  beforeEach(async () => {
    const cwd = await sourceRepository({ 'README.md': '# shop\n' });
    here = {
      cwd,
      env: { ...cleanEnvironment(join(folder, 'home')), DATABASE_URL: await createEmptyDatabase() },
    };
    await cli(['init', '--project', 'shop'], here);
    return () => rmSync(cwd, { recursive: true, force: true });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  interface Kept {
    readonly keeper: ChildProcess;
    readonly url: string;
    readonly ended: Promise<number | null>;
    out(): string;
    err(): string;
  }

  async function keep(...args: string[]): Promise<Kept> {
    const keeper = start(['up', '--json', '--no-runner', ...args], here);
    let [out, err] = ['', ''];
    keeper.stdout?.setEncoding('utf8').on('data', (text: string) => (out += text));
    keeper.stderr?.setEncoding('utf8').on('data', (text: string) => (err += text));
    const ended = new Promise<number | null>((done) => keeper.once('close', (code) => done(code)));
    await waitUntil(() => out.includes('\n'));
    return { keeper, url: (JSON.parse(out) as { url: string }).url, ended, out: () => out, err: () => err };
  }
  const isUp = async (url: string): Promise<boolean> =>
    fetch(`${url}/livez`).then(
      ({ ok }) => ok,
      () => false,
    );

  it('starts it again at the same address, three times, and then says in red that it does not', async () => {
    const { keeper, url, ended, out, err } = await keep('--port', '0');
    for (let times = 1; times <= 3; times++) {
      const [gateway = 0] = childrenOf(keeper.pid ?? 0);
      process.kill(gateway, 'SIGKILL');
      await waitUntil(() => !isAlive(gateway));
      await waitUntil(() => err().split('the gateway is back at').length === times + 1);
      expect(await isUp(url)).toBe(true);
    }
    const [last = 0] = childrenOf(keeper.pid ?? 0);
    process.kill(last, 'SIGKILL');
    expect(await ended).toBe(1);
    expect(err()).toMatch(/THE GATEWAY ENDED \(SIGKILL\).*not started again/);
    // Programs read one line.
    expect(out().trimEnd().split('\n')).toHaveLength(1);
  });

  it('takes it along when it is killed, and ends it in order when it is told to', async () => {
    const first = await keep();
    const [gateway = 0] = childrenOf(first.keeper.pid ?? 0);
    first.keeper.kill('SIGKILL');
    await waitUntil(() => !isAlive(gateway), 5_000);
    const second = await keep();
    second.keeper.kill('SIGHUP');
    expect(await second.ended).toBe(0);
    expect(second.err()).toContain('SIGTERM: letting running calls end');
  });

  it('kills a gateway that cannot hear when it is told twice', async () => {
    const { keeper, ended } = await keep();
    const [gateway = 0] = childrenOf(keeper.pid ?? 0);
    process.kill(gateway, 'SIGSTOP');
    keeper.kill('SIGINT');
    keeper.kill('SIGTERM');
    expect(await ended).toBe(1);
    expect(isAlive(gateway)).toBe(false);
  });

  it('does not start again what said why it cannot start', async () => {
    const { exit, stdout } = await cli(['up', '--json', '--host', '0.0.0.0'], here);
    expect([exit, stdout.trimEnd().split('\n').length]).toEqual([2, 1]);
  });
});

const childrenOf = (pid: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((one) => statOf(one)?.[1] === String(pid));

const statOf = (pid: number): string[] | undefined => {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /, '')
      .split(' ');
  } catch {
    return undefined;
  }
};

/** A zombie is dead: it only waits to be asked for its status. */
const isAlive = (pid: number): boolean => !['Z', undefined].includes(statOf(pid)?.[0]);
