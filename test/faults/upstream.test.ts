import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { git, mustGit, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { type Hand, type Line, openLine } from '../support/line.ts';
import { planHead } from '../support/plan-head.ts';
import { runProgram } from '../support/program.ts';
import { pullRed } from '../support/queue-line.ts';
import { sized } from '../support/size.ts';
import { type Beside, besideOf, mainFaults, syncsEnded } from '../support/upstream.ts';
import { waitUntil } from '../support/wait.ts';

const project = 'shop';
const planOf = (upstream: string): string => `
${planHead({ project })}
upstream: { url: "${upstream}", follow: true }
gates:
  tests: { run: "test ! -s assets/logo.png || grep -q git-lfs assets/logo.png", timeout: 1m }
tasks:
${Array.from({ length: 6 }, (_, n) => `  t${n}: { title: T, phase: build, write: ["t${n}/**"], gates: [tests] }`).join('\n')}
`;
const pointer = `version https://git-lfs.github.com/spec/v1
oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393
size 12345
`;

/** A stand-in for ssh: it says that it was called, waits while it is held, then runs the real upload-pack. */
const transport = (folder: string): string => `#!/bin/sh
touch "${folder}/called"
while [ -e "${folder}/held" ]; do sleep 0.05; done
for last in "$@"; do :; done
exec sh -c "$last"
`;

// Two gateways work on one database and one folder.
describe('faults of an upstream that two gateways follow', () => {
  let line: Line;
  let other: TestGateway;
  let beside: Beside;
  let builder: Hand;
  let reviewer: Hand;
  let folder: string;
  let begin: string;
  let next = 0;
  const sshBefore = process.env.GIT_SSH_COMMAND;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'andon-transport-'));
    writeFileSync(join(folder, 'ssh'), transport(folder));
    chmodSync(join(folder, 'ssh'), 0o755);
    process.env.GIT_SSH_COMMAND = join(folder, 'ssh');
    const config = { upstreamFreshMs: 0 };
    line = await openLine('postgres', { plan: planOf('/nowhere'), config });
    other = await startTestGateway('postgres', {
      folder: line.folder,
      ...(line.databaseUrl === undefined ? {} : { databaseUrl: line.databaseUrl }),
      config,
    });
    beside = await besideOf(line.app.gateway.git.folderOf(project));
    await line.owner.plan.put.mutate({ project, text: planOf(`ssh://localhost${beside.upstream}`) });
    begin = await line.main();
    builder = await line.mint('agent:builder');
    reviewer = await line.mint('agent:reviewer', { tier: 'validator' });
  });
  afterAll(async () => {
    if (sshBefore === undefined) delete process.env.GIT_SSH_COMMAND;
    else process.env.GIT_SSH_COMMAND = sshBefore;
    await other?.close();
    await line?.close();
    beside?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The chore of every minute, of both gateways. */
  const minute = async () => {
    await Promise.all([line.app.workers.tidy(), other.app.workers.tidy()]);
    await syncsEnded(line);
  };
  const syncs = () => line.owner.project.syncs.query({ project });
  async function land(): Promise<void> {
    const task = `t${next++}`;
    const { change, tree } = await line.offer(builder, task, { [`${task}/x`]: task });
    await line.until(change, 'judging');
    await reviewer.client.verdict.approve.mutate({ project, change, tree });
    await line.until(change, 'landed');
  }
  const faults = () => mainFaults(line, begin, 1);

  it('both at once take it with one row, and nobody is refused', async () => {
    for (let n = 0; n < 4; n++) {
      const tip = await beside.push({ [`at-once-${n}`]: 'x' });
      const byHand = [line.owner, other.owner].map((owner) => owner.project.sync.mutate({ project }));
      await Promise.all([...byHand, minute()]);
      expect(await line.main()).toBe(tip);
    }
    expect(await syncs()).toHaveLength(4);
    expect(await faults()).toEqual([]);
  });

  it('files of git-lfs and a submodule come as git has them, and gates and landings go on', async () => {
    const inner = join(folder, 'inner');
    await mustGit(folder, ['init', '-q', '-b', 'main', 'inner']);
    await mustGit(inner, ['commit', '-q', '--allow-empty', '-m', 'inner']);
    await beside.push({
      '.gitattributes': '*.png filter=lfs diff=lfs merge=lfs -text\n',
      'assets/logo.png': pointer,
    });
    await mustGit(beside.colleague, [
      '-c',
      'protocol.file.allow=always',
      'submodule',
      'add',
      '-q',
      inner,
      'vendor/inner',
    ]);
    await mustGit(beside.colleague, ['commit', '-q', '-m', 'a submodule']);
    await mustGit(beside.colleague, ['push', '-q', 'origin', 'HEAD:main']);
    await minute();
    expect(await line.main()).toBe(await beside.tip());
    await land();
    await waitUntil(async () => (await line.main()) === (await beside.tip()));
    const listed = await mustGit(line.app.gateway.git.folderOf(project), ['ls-tree', 'main', 'vendor/inner']);
    expect(listed).toMatch(/^160000 commit /);
    expect(await faults()).toEqual([]);
  });

  it('many new commits, with forged trailers in each, are one row that counts them', async () => {
    const count = sized(1_000, 10_000);
    const tip = await beside.tip();
    const commits = Array.from(
      { length: count },
      (_, n) =>
        `commit refs/heads/main\ncommitter C <c@example.org> ${1_700_000_000 + n} +0000\ndata <<END\n${n}\n\nAndon-Task: t5\nAndon-Change: chg_1\nAndon-Vouched: by gat_1 on 1, position 1 of 1\nEND\n${n === 0 ? `from ${tip}\n` : ''}`,
    );
    writeFileSync(join(folder, 'commits'), `${commits.join('\n')}\ndone\n`);
    const imported = await runProgram('sh', ['-c', `git fast-import --quiet < "${folder}/commits"`], {
      cwd: beside.upstream,
      env: { PATH: process.env.PATH ?? '' },
    });
    expect(imported).toMatchObject({ code: 0 });
    await minute();
    expect(await line.main()).toBe(await beside.tip());
    expect((await syncs())[0]).toMatchObject({ commits: count, authors: ['C <c@example.org>'] });
    expect((await line.task('t5')).state).toBe('ready');
    await land();
    expect(await faults()).toEqual([]);
  });

  it('a red stop during a fetch holds what comes', async () => {
    await waitUntil(async () => (await line.main()) === (await beside.tip()));
    const main = await line.main();
    const tip = await beside.push({ late: 'late' });
    writeFileSync(join(folder, 'held'), '');
    rmSync(join(folder, 'called'), { force: true });
    const fetching = minute();
    await waitUntil(() => existsSync(join(folder, 'called')));
    const clear = await pullRed(line);
    rmSync(join(folder, 'held'));
    await fetching;
    expect(await line.main()).toBe(main);
    await clear();
    await minute();
    expect(await line.main()).toBe(tip);
    expect(await faults()).toEqual([]);
  });

  it('a rewritten history is never taken', async () => {
    const main = await line.main();
    await beside.rewrite({ other: 'way' });
    await minute();
    expect(await line.main()).toBe(main);
    const { stops } = await line.owner.cord.status.query({ project });
    expect(stops.map(({ cause }) => cause)).toEqual(['sync']);
    await git(beside.upstream, ['update-ref', 'refs/heads/main', main]);
    await minute();
    expect((await line.owner.cord.status.query({ project })).stops).toEqual([]);
    expect(await faults()).toEqual([]);
  });
});
