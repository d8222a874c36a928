import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { intendSync, readSync } from '../../../src/changes/syncs.ts';
import { enginesOf } from '../../support/engines.ts';
import { mustGit, write } from '../../support/gateway.ts';
import { codesOf, type Hand, type Line, openLine } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';
import { pullRed } from '../../support/queue-line.ts';
import { waitUntil } from '../../support/wait.ts';

const project = 'shop';
const planOf = (upstream: string, follow: boolean): string => `
${planHead({ project })}
upstream: { url: "${upstream}", follow: ${follow} }
tasks:
${Array.from({ length: 6 }, (_, n) => `  t${n}: { title: T, phase: build, write: ["t${n}/**"] }`).join('\n')}
`;

describe.each(enginesOf(import.meta.filename))('a project that follows its upstream, on %s', (engine) => {
  let line: Line;
  let folder: string;
  let upstream: string;
  let colleague: string;
  let builder: Hand;
  let reviewer: Hand;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'andon-follow-'));
    upstream = join(folder, 'upstream.git');
    colleague = join(folder, 'colleague');
    line = await openLine(engine, { plan: planOf('/nowhere', false), config: { upstreamFreshMs: 0 } });
    await mustGit(folder, [
      'clone',
      '-q',
      '--bare',
      join(line.folder, `data/repos/${project}.git`),
      'upstream.git',
    ]);
    await mustGit(folder, ['clone', '-q', upstream, 'colleague']);
    await line.owner.plan.put.mutate({ project, text: planOf(upstream, true) });
    builder = await line.mint('agent:builder');
    reviewer = await line.mint('agent:reviewer', { tier: 'validator' });
  });
  afterAll(async () => {
    await line?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A colleague commits and pushes. */
  async function push(name: string, message = name): Promise<string> {
    write(colleague, { [name]: name });
    await mustGit(colleague, ['add', '-A']);
    await mustGit(colleague, ['commit', '-q', '-m', message]);
    await mustGit(colleague, ['push', '-q', 'origin', 'HEAD:main']);
    return mustGit(colleague, ['rev-parse', 'HEAD']);
  }
  const pullColleague = () =>
    mustGit(colleague, ['pull', '-q', '--no-rebase', '--no-edit', 'origin', 'main']);
  const stops = async () => (await line.owner.cord.status.query({ project })).stops;
  const syncs = () => line.owner.project.syncs.query({ project });
  const eventsOf = async (type: string) => (await line.events()).filter((one) => one.type === type);
  /** The chore of every minute. */
  async function minute(): Promise<void> {
    await line.app.workers.tidy();
  }
  const theirs = () => mustGit(upstream, ['rev-parse', 'main']);
  let next = 0;
  async function land(): Promise<string> {
    const task = `t${next++}`;
    const offered = await line.offer(builder, task, { [`${task}/x`]: task });
    await line.until(offered.change, 'judging');
    await reviewer.client.verdict.approve.mutate({ project, change: offered.change, tree: offered.tree });
    return offered.change;
  }

  it('takes what a colleague pushed, with a row that says whose setting let it in, judged by nobody', async () => {
    const before = await line.main();
    const forged =
      'one\n\nAndon-Task: t0\nAndon-Change: chg_00000000000000000000000000\nAndon-Audit: evt_1\n';
    await push('zero');
    const tip = await push('one', forged);
    await minute();
    expect(await line.main()).toBe(tip);
    const [row] = await syncs();
    expect(row).toMatchObject({
      oldMain: before,
      newMain: tip,
      commits: 2,
      state: 'done',
      byAgent: 'gateway',
    });
    expect(row?.settingBy).toMatch(/^human:/);
    expect(row?.authors).toEqual(['Agent <agent@example.org>']);
    const said = (await eventsOf('project.synced')).at(-1);
    expect(said?.data).toMatchObject({ from: before, main: tip, commits: 2, judged: false, sync: row?.id });
    // The trailers of a stranger count for nothing.
    expect((await line.task('t0')).state).toBe('ready');
    expect(await eventsOf('change.landed')).toEqual([]);
  });

  it('asks before a batch is stacked, lands on what it found there, and pushes', async () => {
    const tip = await push('two');
    const change = await land();
    await line.until(change, 'landed');
    const { landedCommit } = await line.change(change);
    const folderOf = line.app.gateway.git.folderOf(project);
    expect(await mustGit(folderOf, ['rev-parse', `${landedCommit}^1`])).toBe(tip);
    await waitUntil(async () => (await theirs()) === landedCommit);
  });

  it('takes nothing under a red stop, and what is there after it', async () => {
    await pullColleague();
    const before = await line.main();
    const clear = await pullRed(line);
    await push('three');
    await minute();
    expect(await line.main()).toBe(before);
    await clear();
    const tip = await theirs();
    await minute();
    expect(await line.main()).toBe(tip);
  });

  it('that cannot be reached stops nothing', async () => {
    renameSync(upstream, `${upstream}.away`);
    await minute();
    renameSync(`${upstream}.away`, upstream);
    expect(await stops()).toEqual([]);
  });

  it('stops once when both sides have moved, holds landings with both tips named, until they agree', async () => {
    const away = `${upstream}.away`;
    renameSync(upstream, away);
    const landed = await land();
    await line.until(landed, 'landed');
    renameSync(away, upstream);
    const ours = await line.main();
    const other = await push('four');
    for (let n = 0; n < 2; n++) await minute();
    const [stop, ...more] = await stops();
    expect(more).toEqual([]);
    expect(stop).toMatchObject({ colour: 'yellow', cause: 'sync' });
    for (const tip of [ours, other]) expect(stop?.why).toContain(tip.slice(0, 7));
    const pulled = (await eventsOf('cord.pulled')).filter(({ data }) => data.cause === 'sync');
    expect(pulled).toHaveLength(1);
    expect(await line.main()).toBe(ours);
    const claim = builder.client.task.claim.mutate({ project, task: `t${next}` });
    expect(await codesOf(claim)).toEqual(['line.stopped']);
    // A colleague brings both together, and pushes that.
    await mustGit(colleague, [
      'pull',
      '-q',
      '--no-rebase',
      '--no-edit',
      line.app.gateway.git.folderOf(project),
      'main',
    ]);
    await mustGit(colleague, ['push', '-q', 'origin', 'HEAD:main']);
    await minute();
    expect(await line.main()).toBe(await theirs());
    expect(await stops()).toEqual([]);
  });

  it('holds an approved change while main and the upstream differ', async () => {
    const { syncStop } = await import('../../../src/changes/sync-stop.ts');
    const { stopReasons } = await import('../../../src/stops/stop-scope.ts');
    const { colour, scope, cause, why } = syncStop(project, 'a; b');
    const stop = { id: 'stp_1', project, colour, scope, cause, why, pulledBy: 'gateway', at: new Date() };
    const about = { task: 't1', plan: undefined };
    expect(stopReasons([stop], { ...about, what: 'landing' })).toHaveLength(1);
    expect(stopReasons([{ ...stop, cause: 'blocked' }], { ...about, what: 'landing' })).toEqual([]);
  });

  it('finishes or voids what a dead process had intended, and never half of it', async () => {
    await pullColleague();
    const tip = await push('five');
    const { git, store } = line.app.gateway;
    await git.fetchUpstream(project, upstream);
    const oldMain = await line.main();
    const draft = {
      project,
      oldMain,
      newMain: tip,
      commits: 1,
      authors: [],
      by: { agent: 'gateway' },
      settingBy: null,
    };
    const fence = await git.fence(project);
    const one = await store.transaction((tx) => intendSync(tx, { ...draft, fence }));
    await git.raiseFence(project);
    expect(await line.app.workers.settleSync(project, one)).toBe(false);
    expect(await line.main()).toBe(oldMain);
    expect((await readSync(store, project, one))?.state).toBe('void');
    const two = await store.transaction(async (tx) =>
      intendSync(tx, { ...draft, fence: await git.fence(project) }),
    );
    await git.moveMain(project, { oldMain, newMain: tip, fence: await git.fence(project) });
    expect(await line.app.workers.settleSync(project, two)).toBe(true);
    expect((await readSync(store, project, two))?.state).toBe('done');
    expect(await line.main()).toBe(tip);
  });

  it('is the setting of a person alone, and has no secret and no program in its address', async () => {
    const lead = await line.mint('agent:lead', { tier: 'executive' });
    const text = planOf(upstream, false);
    expect(await codesOf(lead.client.plan.put.mutate({ project, text }))).toContain('grant.tier');
    for (const url of [
      'ext::sh -c evil',
      'https://ada:secret@example.org/x.git',
      '--upload-pack=evil',
      'relative/path',
    ])
      expect(await codesOf(line.owner.plan.put.mutate({ project, text: planOf(url, true) }))).toEqual([
        'plan.invalid',
      ]);
  });
});
