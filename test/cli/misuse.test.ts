import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtMain, cleanEnvironment, cli } from '../support/cli.ts';
import { type Line, openLine } from '../support/line.ts';
import { planHead } from '../support/plan-head.ts';

const project = 'shop';
const plan = `
${planHead({ project })}
gates: { look: { by: validator } }
tasks:
  cart: { title: Cart, phase: build, write: ["cart/**"], gates: [look] }
  free: { title: Free, phase: build, write: ["free/**"] }
`;

describe('a command that is used wrongly', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-misuse-'));
  let line: Line;
  let change: string;
  beforeAll(async () => {
    line = await openLine('pglite', { plan });
    const builder = await line.mint('agent:builder');
    change = (await line.offer(builder, 'cart', { 'cart/a': 'a' })).change;
  });
  afterAll(async () => {
    await line.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const env = () => ({
    ...cleanEnvironment(join(folder, 'home')),
    ANDON_URL: line.url,
    ANDON_PROJECT: project,
    ANDON_TOKEN_FILE: line.app.owner.file,
  });
  const andon = (...args: string[]) => cli(args, { cwd: folder, env: env() });
  const failed = async (...args: string[]) => {
    const { exit, stdout, stderr } = await andon(...args);
    expect(stderr).not.toMatch(/\n +at /);
    return [exit, stdout, stderr] as const;
  };

  it('hears its options behind its own name where the command above it acts, too, and before it', async () => {
    const order = ['--reason', 'x'];
    const [exit, stdout] = await failed('queue', 'hold', 'chg_nope', ...order, '--json');
    expect([exit, JSON.parse(stdout)]).toMatchObject([5, { error: { code: 'change.missing' } }]);
    for (const place of [
      ['queue', 'release', 'chg_nope', ...order, '--project', 'nope'],
      ['queue', '--project', 'nope', 'release', 'chg_nope', ...order],
      ['--project', 'nope', 'queue', 'release', 'chg_nope', ...order],
    ])
      expect((await failed(...place))[2]).toContain('project.missing');
    // The nearest one counts.
    const near = ['--project', 'nope', 'queue', 'release', 'chg_nope', ...order, '--project', project];
    expect((await failed(...near))[2]).toContain('change.missing');
    writeFileSync(join(folder, 'garbage'), 'garbage');
    const others = [
      'queue',
      'move',
      'chg_nope',
      '--to',
      '1',
      ...order,
      '--token-file',
      join(folder, 'garbage'),
    ];
    expect((await failed(...others))[2]).toContain('token.malformed');
  });

  it('says which gate is none of the change', async () => {
    const [exit, , said] = await failed('gate', 'show', change, 'nope');
    expect([exit, said]).toEqual([5, expect.stringContaining('gate.missing')]);
    expect(said).toContain(`next: andon gate list ${change}`);
  });

  it('says of a task that there is none, and of a commit that it was not pushed', async () => {
    for (const command of ['renew', 'release'])
      expect(await failed('task', command, 'nope', ...(command === 'release' ? ['--why', 'x'] : []))).toEqual(
        [5, '', expect.stringContaining('task.missing')],
      );
    expect((await failed('task', 'renew', 'free'))[2]).toContain('you hold no such task');
    expect((await failed('task', 'claim', 'free'))[0]).toBe(0);
    const unknown = '0123456789'.repeat(4);
    const [exit, stdout] = await failed('change', 'check', '--task', 'free', '--commit', unknown);
    expect([exit, stdout]).toEqual([4, expect.stringMatching(/^unpushed\n +change\.unpushed +.*\n +next: /)]);
  });

  it('waits for somebody to pass a gate, where it waits for nothing else', async () => {
    expect((await andon('task', 'waiting')).stdout).toMatch(
      /^cart .* waits for somebody to pass look \(chg_/m,
    );
  });

  it('finds the plan from anywhere in its repository, and no line where there is none', async () => {
    const inside = join(folder, 'repository', 'src', 'deep');
    mkdirSync(inside, { recursive: true });
    spawnSync('git', ['init', '-q', join(folder, 'repository')]);
    writeFileSync(join(folder, 'repository', 'andon.yaml'), plan);
    const there = (...args: string[]) => cli(args, { cwd: inside, env: env() });
    expect((await there('plan', 'check')).stdout).toContain('shop: sound; 2 tasks');
    expect((await there('plan', 'check', 'andon.yml')).stderr).toContain(`${inside}/andon.yml`);
    const { stdout, stderr } = await there('doctor');
    expect(stdout).toMatch(/^note +data +.*repository\/\.andon +not there$/m);
    expect(stderr).toContain('next (data): name the folder of the line with --data');
  });

  it('names the file that is not there, and the value that is none', async () => {
    const missing = join(folder, 'nowhere', 'x');
    for (const args of [
      ['trigger', 'preview', '--file', missing],
      ['event', 'export', '--out', missing],
      ['check', '--write-baseline', missing, '.'],
      ['open', '--origin', 'garbage'],
      ['runner', '--name', ''],
    ]) {
      const [exit, , said] = await failed(...args);
      expect([args[0], exit, said]).toEqual([args[0], 2, expect.stringMatching(/nowhere|garbage|--name/)]);
    }
  });

  it('tells that its output cannot be written', () => {
    const run = spawnSync(
      'sh',
      ['-c', 'exec "$0" "$@" >/dev/full', process.execPath, builtMain(), 'completion', 'bash'],
      {
        env: env(),
        encoding: 'utf8',
      },
    );
    expect([run.status, run.stderr]).toEqual([
      1,
      expect.stringMatching(/^andon: the output could not be written: .*ENOSPC.*\n$/),
    ]);
  });
});
