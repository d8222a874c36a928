import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, type CliOptions, cli, start } from '../support/cli.ts';
import {
  git,
  mustGit,
  sourceRepository,
  startTestGateway,
  type TestGateway,
  write,
} from '../support/gateway.ts';
import { planHead } from '../support/plan-head.ts';
import { waitUntil } from '../support/wait.ts';

const plan = `
${planHead()}
gates:
  look: { by: validator }
tasks:
  cart: { title: Cart, phase: build, write: ["src/**"], gates: [look] }
  pay: { title: Pay, phase: build, needs: [cart], write: ["pay/**"] }
`;

/** The view that people have of a line at work, printed by the program itself. */
describe('a session at the command line', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-session-'));
  let gateway: TestGateway;
  let upstream: string;
  let tokens: Record<'owner' | 'builder' | 'reviewer', string>;

  const as = (who: keyof typeof tokens, cwd = folder): CliOptions => ({
    cwd,
    env: { ANDON_URL: gateway.url, ANDON_PROJECT: 'shop', ANDON_TOKEN_FILE: tokens[who] },
  });
  const refused = async (who: keyof typeof tokens, ...args: string[]) => {
    const { exit, stdout } = await cli([...args, '--json'], as(who));
    const { error } = JSON.parse(stdout) as { error: { code: string } };
    return [exit, error.code];
  };

  beforeAll(async () => {
    gateway = await startTestGateway('postgres');
    const source = await sourceRepository({ 'README.md': '# shop\n' });
    upstream = join(folder, 'upstream.git');
    await mustGit(folder, ['clone', '-q', '--bare', source, upstream]);
    await gateway.owner.project.create.mutate({ project: 'shop', source, upstream });
    await gateway.owner.plan.put.mutate({ project: 'shop', text: plan });
    const minted = async (tier: 'implementer' | 'validator') => {
      const agent = `agent:${tier}`;
      const { token } = await gateway.owner.token.mint.mutate({ project: 'shop', agent, cap: { tier } });
      writeFileSync(join(folder, tier), token ?? '', { mode: 0o600 });
      return join(folder, tier);
    };
    tokens = {
      owner: gateway.app.owner.file,
      builder: await minted('implementer'),
      reviewer: await minted('validator'),
    };
  });
  afterAll(async () => {
    await gateway.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('ends with 5 for a key, a grant, an agent and a task that nobody knows', async () => {
    const revoke = (what: string) => refused('owner', 'token', 'revoke', what, '--why', 'test');
    expect(await revoke('no-such-key')).toEqual([5, 'key.missing']);
    expect(await revoke('gnt_0000000000000000')).toEqual([5, 'grant.missing']);
    expect(await revoke('agent:nobody')).toEqual([5, 'agent.missing']);
    expect(await refused('builder', 'task', 'claim', 'nonsense')).toEqual([5, 'task.missing']);
    expect(await refused('builder', 'task', 'claim', 'nonsense', '--wait')).toEqual([5, 'task.missing']);
  });

  it('calls the gateway without a look at FormData, for which Node would load a client of its own', async () => {
    const trap = "Object.defineProperty(globalThis, 'FormData', { get() { throw new Error('loaded') } })";
    const given = as('builder');
    const NODE_OPTIONS = `--import data:text/javascript,${encodeURIComponent(trap)}`;
    const { exit, stderr } = await cli(['task', 'list'], { ...given, env: { ...given.env, NODE_OPTIONS } });
    expect([exit, stderr]).toEqual([0, '']);
  });

  it('writes minted and renewed tokens for their owner only, over a file that others could read', async () => {
    const out = join(folder, 'minted');
    writeFileSync(out, '', { mode: 0o644 });
    const mint = ['token', 'mint', '--agent', 'agent:m', '--tier', 'validator', '--out', out];
    expect((await cli(mint, as('owner'))).exit).toBe(0);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    const minted = readFileSync(out, 'utf8');
    expect((await cli(['token', 'renew', '--token-file', out], as('owner'))).exit).toBe(0);
    expect(readFileSync(out, 'utf8')).not.toBe(minted);
    expect(statSync(out).mode & 0o777).toBe(0o600);
  });

  it('says until when a token is good, and refuses or tells a lifetime that it does not give', async () => {
    const mint = [
      'token',
      'mint',
      '--agent',
      'agent:long',
      '--tier',
      'implementer',
      '--out',
      join(folder, 'long'),
    ];
    const long = await cli([...mint, '--life', '8h'], as('owner'));
    expect(long.exit).toBe(4);
    expect(long.stderr).toMatch(/token\.life +lifeSeconds +found 8\.0 h, limit 15 min \(tier implementer\)/);
    const short = await cli([...mint, '--life', '10m', '--grant', '2m'], as('owner'));
    expect(short.stderr).toMatch(/token\.life +lifeSeconds +found 10 min, limit 2 min \(its grant\)/);
    const given = await cli([...mint, '--life', '10m', '--grant', '8h'], as('owner'));
    const date = /\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ/.source;
    expect(given.stderr).toMatch(
      new RegExp(`good until ${date}\nrenewed by andon token renew until ${date}`),
    );
    const renew = ['token', 'renew', '--token-file', join(folder, 'long')];
    expect((await cli([...renew, '--life', '8h'], as('owner'))).stderr).toMatch(
      /Z: 15 min of the 8\.0 h asked for/,
    );
    expect((await cli([...renew, '--life', '5m'], as('owner'))).stderr).toMatch(
      /^good until [^:]*:\d\d:\d\dZ$/m,
    );
    const all = [
      'task list',
      'token list',
      'token explain',
      'change list',
      'event list',
      'audit list',
      'report list',
      'trigger list',
    ];
    for (const command of [...all, 'plan history']) {
      const { stdout } = await cli(command.split(' '), as('owner'));
      // Seconds since 1970 have ten figures, milliseconds thirteen.
      expect(stdout, command).not.toMatch(/\b1[7-9]\d{8}(\d{3})?\b|\dT\d\d:/m);
    }
  });

  it('tells in words why a push to a task that nobody holds is refused', async () => {
    const clone = join(folder, 'early');
    const auth = { url: gateway.url, token: readFileSync(tokens.builder, 'utf8') };
    await mustGit(folder, ['clone', '-q', `${gateway.url}/git/shop.git`, clone], auth);
    const { err } = await git(clone, ['push', 'origin', 'HEAD:task/pay/1/work'], auth);
    expect(err).toMatch(/lease\.lost +task\/pay .*a task that is not ready yet/);
    expect(err).not.toContain('epoch 0');
  });

  it('draws the status again when something happens, and tells events one a line, with time, actor and what', async () => {
    const watching = start(['status', '--watch'], as('owner'));
    const following = start(['event', 'follow', '--count', '1', '--type', 'task.claimed'], as('owner'));
    const drawn: string[] = [];
    const told: string[] = [];
    createInterface({ input: watching.stdout ?? process.stdin }).on('line', (line) => drawn.push(line));
    createInterface({ input: following.stdout ?? process.stdin }).on('line', (line) => told.push(line));
    await waitUntil(() => drawn.some((line) => /^cart +ready/.test(line)));
    const { branch } = await answer<{ branch: string }>(['task', 'claim', 'cart'], as('builder'));
    expect(branch).toBe('task/cart/1/work');
    await waitUntil(() => drawn.some((line) => /^cart +in_progress +build +agent:implementer/.test(line)));
    await waitUntil(() => drawn.some((line) => line.includes('task.claimed')));
    watching.kill('SIGINT');
    const ended = new Promise((done) => watching.once('close', done));
    expect(await ended).toBe(0);
    // Without a terminal drawings follow each other, without control sequences.
    expect(drawn.join('\n')).not.toContain('\u001b');
    if (told.length === 0) {
      // The watch may have begun to listen after the claim; the next event is certain to be heard.
      await cli(['task', 'release', 'cart', '--why', 'again'], as('builder'));
      await cli(['task', 'claim', 'cart'], as('builder'));
    }
    await waitUntil(() => told.length > 0);
    expect(told[0]).toMatch(
      /^ *\d+ \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ task\.claimed +task\/cart +agent:implementer/,
    );
  });

  it('passes a gate by hand, but not that of the own work, and then lands', async () => {
    const clone = join(folder, 'clone');
    const { epoch } = await answer<{ epoch: number }>(['task', 'show', 'cart'], as('owner'));
    await cli(['git', 'clone', '-q', `${gateway.url}/git/shop.git`, clone], as('builder'));
    mkdirSync(join(clone, 'src'));
    write(clone, { 'src/cart.ts': 'export const cart = 1;\n' });
    await mustGit(clone, ['add', '-A']);
    await mustGit(clone, ['commit', '-q', '-m', 'A cart']);
    const branch = `task/cart/${epoch}/work`;
    expect((await cli(['git', 'push', '-q', 'origin', `HEAD:${branch}`], as('builder', clone))).exit).toBe(0);
    const submit = ['change', 'submit', '--task', 'cart', '--epoch', String(epoch)];
    const { change } = await answer<{ change: string }>(submit, as('builder', clone));
    const [own] = await refused('builder', 'gate', 'pass', change, 'look');
    expect(own).toBe(4);
    expect(await refused('reviewer', 'gate', 'pass', change, 'nonsense')).toEqual([5, 'gate.missing']);
    const passed = await cli(['gate', 'pass', change, 'look', '--note', 'looked'], as('reviewer'));
    expect(passed).toMatchObject({ exit: 0, stdout: 'look: passed\n' });
    const state = async () =>
      (await answer<{ state: string }>(['change', 'show', change], as('owner'))).state;
    await waitUntil(async () => (await state()) === 'judging');
    expect((await cli(['verdict', 'approve', change], as('reviewer'))).exit).toBe(0);
    await waitUntil(async () => (await state()) === 'landed');
    const gates = await cli(['gate', 'list', change], as('owner'));
    expect(gates.stdout).toMatch(/^look +passed .*agent:validator +-$/m);
  });

  it('ends a waiting claim once every task is done or abandoned', async () => {
    expect((await cli(['task', 'claim', 'pay'], as('builder'))).exit).toBe(0);
    const mint = { project: 'shop', agent: 'agent:second', cap: { tier: 'implementer' as const } };
    const { token = '' } = await gateway.owner.token.mint.mutate(mint);
    writeFileSync(join(folder, 'second'), token, { mode: 0o600 });
    const { env } = as('builder');
    const second = { cwd: folder, env: { ...env, ANDON_TOKEN_FILE: join(folder, 'second') } };
    const child = start(['task', 'claim', '--wait', '--until-done'], second);
    let told = '';
    child.stderr?.setEncoding('utf8').on('data', (words: string) => (told += words));
    const ended = new Promise<number | null>((done) => child.once('close', done));
    await waitUntil(async () => told.includes('waiting'));
    await gateway.owner.task.abandon.mutate({ project: 'shop', task: 'pay', why: 'not wanted' });
    expect(await ended).toBe(8);
  });

  it('follows an upstream on disk fast-forward, and refuses one that has gone its own way', async () => {
    const theirs = join(folder, 'theirs');
    // Landings are mirrored there, so a person's commit on top of them is forward.
    await waitUntil(
      async () =>
        (await mustGit(upstream, ['rev-parse', 'main'])) ===
        (await answer<{ main: string }>(['status'], as('owner'))).main,
    );
    await mustGit(folder, ['clone', '-q', upstream, theirs]);
    write(theirs, { 'NEWS.md': 'news\n' });
    await mustGit(theirs, ['add', '-A']);
    await mustGit(theirs, ['commit', '-q', '-m', 'News']);
    await mustGit(theirs, ['push', '-q', 'origin', 'main']);
    const main = await mustGit(theirs, ['rev-parse', 'HEAD']);
    expect((await cli(['sync'], as('owner'))).stdout).toBe(
      `forwarded: main is at ${main}, 1 commit not judged by Andon\n`,
    );
    expect((await cli(['sync'], as('owner'))).stdout).toBe(`same: main is at ${main}\n`);
    await mustGit(theirs, ['reset', '-q', '--hard', 'HEAD~1']);
    await mustGit(theirs, ['commit', '-q', '--allow-empty', '-m', 'Another way']);
    await mustGit(theirs, ['push', '-q', '--force', 'origin', 'main']);
    expect(await refused('owner', 'sync')).toEqual([6, 'sync.diverged']);
  });
});
