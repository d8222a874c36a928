import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginesOf } from '../support/engines.ts';
import { mustGit, write } from '../support/gateway.ts';
import { codesOf, type Hand, type Line, openLine, refusal } from '../support/line.ts';
import { movesPastTables, recordMoves, seenMoves } from '../support/moves.ts';
import { planHead } from '../support/plan-head.ts';
import { moveMainBeside } from '../support/queue-line.ts';
import { waitUntil } from '../support/wait.ts';

const names = ['one', 'two', 'three', 'four', 'five', 'six', 'seven'];
const plan = `
${planHead()}
gates:
  tests: { run: "test ! -e src/broken.js", timeout: 30s }
  look: { by: validator }
tasks:
${names.map((name) => `  ${name}: { title: ${name}, phase: build, write: ["src/${name}/**", "src/shared.js"], gates: [tests] }`).join('\n')}
  seen: { title: Seen, phase: build, write: ["src/seen/**"], gates: [look] }
  thing: { title: Thing, phase: build, write: [], done: artefact }
  agreed: { title: Agreed, phase: build, write: ["src/agreed/**"], done: approved }
  follows: { title: Follows, phase: build, needs: [agreed], write: ["src/follows/**"] }
`;
const project = 'shop';
const lines = (...changed: [number, string][]): string =>
  Array.from({ length: 30 }, (_, i) => changed.find(([at]) => at === i)?.[1] ?? `// line ${i}`)
    .join('\n')
    .concat('\n');

describe.each(enginesOf(import.meta.filename))('gates, verdicts and landing, on %s', (engine) => {
  let line: Line;
  let builder: Hand;
  let reviewer: Hand;
  beforeAll(async () => {
    line = await openLine(engine, { plan, files: { 'src/shared.js': lines() } });
    await recordMoves(line.app.gateway.store);
    builder = await line.mint('agent:builder');
    reviewer = await line.mint('agent:reviewer', { tier: 'validator' });
  });
  afterAll(async () => {
    await line.close();
  });

  const approve = ({ change, tree }: { change: string; tree: string }, hand = reviewer) =>
    hand.client.verdict.approve.mutate({ project, change, tree });

  it('lands a merge commit whose trailer names the event of the intent', async () => {
    const before = await line.main();
    const offered = await line.offer(builder, 'one', { 'src/one/a.js': 'export const a = 1;\n' });
    await line.until(offered.change, 'judging');
    await approve(offered);
    await line.until(offered.change, 'landed');
    const folder = line.app.gateway.git.folderOf(project);
    const main = await line.main();
    const parents = await mustGit(folder, ['log', '-1', '--format=%P', main]);
    expect(parents).toBe(`${before} ${offered.commit}`);
    const trailer = /Andon-Audit: (\S+)/.exec(await mustGit(folder, ['log', '-1', '--format=%B', main]))?.[1];
    const events = (await line.events()).filter(({ subject }) => subject === `change/${offered.change}`);
    expect(events.map(({ type }) => type)).toEqual([
      'change.submitted',
      'gate.started',
      'gate.ended',
      'gate.passed',
      'verdict.requested',
      'verdict.given',
      'change.approved',
      'landing.intended',
      'change.landed',
    ]);
    expect(events[7]).toMatchObject({ id: trailer, data: { from: before, to: main, tree: offered.tree } });
    expect((await line.change(offered.change)).landedCommit).toBe(main);
    expect((await line.task('one')).state).toBe('done');
    await waitUntil(async () => (await mustGit(folder, ['for-each-ref', 'refs/andon/candidates'])) === '');
  });

  it('refuses a change whose gate fails, shows the output, and gives the task back to its maker first', async () => {
    const { task } = await builder.client.task.claim.mutate({ project, task: 'two' });
    const epoch = task?.epoch ?? 0;
    const broken = await line.commit({ 'src/two/a.js': 'export const a = 2;\n' });
    await line.push(builder, `task/two/${epoch}/work`, broken);
    await line.owner.plan.put.mutate({
      project,
      text: plan.replace('test ! -e src/broken.js', 'echo told; exit 3'),
    });
    const { change } = await builder.client.change.submit.mutate({
      project,
      task: 'two',
      epoch,
      commit: broken,
    });
    await line.until(change, 'refused');
    const shown = await line.change(change);
    expect(shown.note).toBe('gate tests failed');
    expect(shown.gates[0]).toMatchObject({
      status: 'failed',
      exitCode: 3,
      output: expect.stringContaining('told'),
    });
    expect(shown.gates[0]?.tree).toBe(shown.tree);
    expect(await line.task('two')).toMatchObject({
      state: 'ready',
      preferred: 'agent:builder',
      holder: null,
    });
    expect(await codesOf(approve({ change, tree: shown.tree }))).toEqual(['change.state']);
    await line.owner.plan.put.mutate({ project, text: plan });
  });

  it('gives no verdict on another tree than the one that is up for judgement', async () => {
    const offered = await line.offer(builder, 'three', { 'src/three/a.js': 'export const a = 3;\n' });
    await line.until(offered.change, 'judging');
    const [moved] = await refusal(approve({ change: offered.change, tree: 'f'.repeat(40) }));
    expect(moved).toMatchObject({ code: 'change.moved', limit: offered.tree });
    expect(await codesOf(approve({ change: 'chg_00000000000000000000000000', tree: offered.tree }))).toEqual([
      'change.missing',
      'duty.separated',
    ]);
    const rejected = {
      project,
      change: offered.change,
      tree: offered.tree,
      reasons: ['too short', 'no test'],
    };
    await reviewer.client.verdict.reject.mutate(rejected);
    const shown = await line.change(offered.change);
    expect(shown).toMatchObject({ state: 'refused', note: 'too short; no test' });
    expect(shown.verdicts).toMatchObject([
      { approve: false, byAgent: 'agent:reviewer', reasons: ['too short', 'no test'] },
    ]);
    expect((await line.task('three')).state).toBe('ready');
  });

  it('waits for a manual gate, which only the tier that the plan names passes, on the tree that was seen', async () => {
    const offered = await line.offer(builder, 'seen', { 'src/seen/a.js': 'export const a = 4;\n' });
    const pass = (hand: Pick<Hand, 'client'>, gate: string, tree = offered.tree) =>
      hand.client.gate.pass.mutate({ project, change: offered.change, tree, gate });
    // A person passes no gate of validators by the way.
    expect(await codesOf(approve(offered, { ...reviewer, client: line.owner }))).toEqual(['gate.waiting']);
    expect(await codesOf(pass(builder, 'look'))).toContain('grant.tier');
    expect(await codesOf(pass(reviewer, 'tests'))).toEqual(['gate.missing']);
    expect(await codesOf(pass(reviewer, 'look', 'f'.repeat(40)))).toContain('change.moved');
    await pass(reviewer, 'look');
    expect(await codesOf(pass(reviewer, 'look'))).toEqual(['change.state']);
    await line.until(offered.change, 'judging');
    await approve(offered);
    await line.until(offered.change, 'landed');
  });

  it('goes back to its maker when main moved and the change no longer merges', async () => {
    const base = await line.main();
    const offered = await line.offer(
      builder,
      'five',
      { 'src/shared.js': lines([5, 'const five = 5;']) },
      base,
    );
    await line.until(offered.change, 'judging');
    await moveMainBeside(line, { 'src/shared.js': lines([5, 'const other = 6;']) });
    await approve(offered);
    await line.until(offered.change, 'refused');
    expect((await line.change(offered.change)).note).toBe('main moved; conflicts in src/shared.js');
    expect(await line.task('five')).toMatchObject({ state: 'ready', preferred: 'agent:builder' });
  });

  it('keeps the verdict over a rebuild of an unchanged patch, and runs the gates again', async () => {
    const offered = await line.offer(builder, 'six', { 'src/six/a.js': 'export const a = 6;\n' });
    await line.until(offered.change, 'judging');
    await moveMainBeside(line, { 'src/elsewhere.js': '// moved\n' });
    await approve(offered);
    await line.until(offered.change, 'landed');
    const shown = await line.change(offered.change);
    expect(shown).toMatchObject({ rebuilt: 0, tree: offered.tree });
    const { store, git } = line.app.gateway;
    const tree = await git.treeOf(project, shown.landedCommit ?? '');
    expect(tree).not.toBe(offered.tree);
    const runs = await store.rows(
      { name: '', text: 'select id, change, status from gate_runs where tree = $1' },
      [tree],
    );
    expect(runs).toEqual([{ id: expect.any(String), change: null, status: 'passed' }]);
    const [{ id = '' } = {}] = runs as { id: string }[];
    const message = await mustGit(git.folderOf(project), [
      'log',
      '-1',
      '--format=%B',
      shown.landedCommit ?? '',
    ]);
    expect(message).toContain(`Andon-Vouched: by ${id} on ${tree.slice(0, 12)}, position 1 of 1`);
  });

  it('asks for a new verdict when the rebuilt patch is another one', async () => {
    const base = await line.main();
    const shared = await mustGit(line.app.gateway.git.folderOf(project), ['show', `${base}:src/shared.js`]);
    const offered = await line.offer(
      builder,
      'seven',
      { 'src/shared.js': `${shared.replace('// line 25', '// seven')}\n` },
      base,
    );
    await line.until(offered.change, 'judging');
    await moveMainBeside(line, { 'src/shared.js': `${shared.replace('// line 2\n', '// two\n')}\n` });
    await approve(offered);
    await waitUntil(async () => {
      const { state, rebuilt } = await line.change(offered.change);
      return state === 'judging' && rebuilt === 1;
    });
    const shown = await line.change(offered.change);
    expect(await codesOf(approve(offered))).toEqual(['change.moved']);
    await approve({ change: offered.change, tree: shown.tree });
    await line.until(offered.change, 'landed');
  });

  it('ends a task that is done by an artefact with its approval, and takes no commit for it', async () => {
    const { task } = await builder.client.task.claim.mutate({ project, task: 'thing' });
    const held = { project, task: 'thing', epoch: task?.epoch ?? 0 };
    expect(await codesOf(builder.client.change.submit.mutate(held))).toEqual(['change.empty']);
    expect(
      await codesOf(builder.client.change.submit.mutate({ ...held, commit: await line.main() })),
    ).toContain('change.empty');
    const offered = await builder.client.change.submit.mutate({
      ...held,
      artefact: 'https://example.org/report',
    });
    const main = await line.main();
    await approve(offered);
    expect(await line.change(offered.change)).toMatchObject({
      state: 'landed',
      note: 'https://example.org/report',
    });
    expect((await line.task('thing')).state).toBe('done');
    expect(await line.main()).toBe(main);
  });

  it('counts a task as done with its approval where the plan says so, and lands it all the same', async () => {
    const offered = await line.offer(builder, 'agreed', { 'src/agreed/a.js': 'export const a = 7;\n' });
    await line.owner.task.ask.mutate({ project, task: 'agreed', question: 'Really?' });
    await approve(offered);
    expect((await line.task('agreed')).state).toBe('done');
    expect((await line.task('follows')).state).toBe('ready');
    await line.app.workers.tick();
    expect((await line.change(offered.change)).state).toBe('approved');
    await line.owner.task.answer.mutate({ project, task: 'agreed', answer: 'Yes' });
    await line.until(offered.change, 'landed');
  });

  it('moved tasks and changes as their tables say, in all of the above', async () => {
    const { store } = line.app.gateway;
    expect(await movesPastTables(store)).toEqual([]);
    const seen = await seenMoves(store);
    expect(seen).toEqual(expect.arrayContaining(['changes: landing → landed', 'changes: approved → gating']));
  });

  it('keeps a log that verifies', async () => {
    expect((await line.owner.audit.verify.query({ project: '*' })).fault).toBeNull();
  });
});

// On a line of its own: a landing of before would read the upstream that is set here, and stop the line a second time.
it.each(enginesOf(import.meta.filename))(
  'an upstream that went another way is recorded, nothing is taken from it, and work lands all the same, on %s',
  async (engine) => {
    const line = await openLine(engine, { plan: plan.replace(', needs: [agreed]', '') });
    await recordMoves(line.app.gateway.store);
    const builder = await line.mint('agent:builder');
    const reviewer = await line.mint('agent:reviewer', { tier: 'validator' });
    const upstream = mkdtempSync(join(tmpdir(), 'andon-up-'));
    await mustGit(upstream, ['init', '-q', '--bare', '-b', 'main']);
    const stranger = mkdtempSync(join(tmpdir(), 'andon-stranger-'));
    await mustGit(stranger, ['init', '-q', '-b', 'main']);
    write(stranger, { 'other.txt': 'other\n' });
    await mustGit(stranger, ['add', '-A']);
    await mustGit(stranger, ['commit', '-q', '-m', 'other']);
    await mustGit(stranger, ['push', '-q', upstream, 'main']);
    const { store } = line.app.gateway;
    await store.rows({ name: '', text: 'update projects set upstream = $1 where name = $2' }, [
      upstream,
      project,
    ]);
    const main = await line.main();
    expect(await codesOf(line.owner.project.sync.mutate({ project }))).toEqual(['sync.diverged']);
    expect(await line.main()).toBe(main);
    const recorded = async (by: 'reason' | 'found') =>
      (await line.events()).filter(({ type, data }) => type === 'sync.diverged' && by in data).length;
    expect(await recorded('reason')).toBe(1);
    // No new work begins on a main that may not stay, until a person allows it.
    const claim = builder.client.task.claim.mutate({ project, task: 'follows' });
    expect(await codesOf(claim)).toEqual(['line.stopped']);
    const { stops } = await line.owner.cord.status.query({ project });
    expect(stops).toMatchObject([{ colour: 'yellow', cause: 'sync', pulledBy: 'gateway' }]);
    await line.owner.cord.clear.mutate({
      project,
      stop: stops[0]?.id ?? '',
      why: 'the mirror is left behind',
    });
    const before = await recorded('found');
    await commitBeside(stranger, 'later');
    await mustGit(stranger, ['push', '-q', upstream, 'main']);
    const stopsOfSync = async () =>
      (await line.owner.cord.status.query({ project })).stops.filter(({ cause }) => cause === 'sync');
    const offered = await line.offer(builder, 'follows', { 'src/follows/a.js': 'export const a = 8;\n' });
    const { change, tree } = offered;
    await reviewer.client.verdict.approve.mutate({ project, change, tree });
    await line.until(offered.change, 'landed');
    await waitUntil(async () => (await recorded('found')) > before);
    expect(await mustGit(upstream, ['log', '-1', '--format=%s', 'main'])).toBe('later');
    // A colleague's commit is fetched before the push, and told at once with both sides.
    await waitUntil(async () => (await stopsOfSync()).length === 1);
    expect((await stopsOfSync())[0]?.why).toMatch(
      /^upstream main went another way: [0-9a-f]{7,} by Agent: later; here is [0-9a-f]{7,} by Andon: Land follows: Follows; bring both together: andon sync --merge$/,
    );
    expect(await movesPastTables(store)).toEqual([]);
    expect((await line.owner.audit.verify.query({ project: '*' })).fault).toBeNull();
    await line.close();
    for (const one of [stranger, upstream]) rmSync(one, { recursive: true, force: true });
  },
);

async function commitBeside(folder: string, subject: string): Promise<void> {
  write(folder, { [`${subject}.txt`]: subject });
  await mustGit(folder, ['add', '-A']);
  await mustGit(folder, ['commit', '-q', '-m', subject]);
}
