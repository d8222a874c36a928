import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { enginesOf } from '../../support/engines.ts';
import { mustGit, write } from '../../support/gateway.ts';
import { type Hand, type Line, openLine } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';
import { lookAtPools, runsOf } from '../../support/pools.ts';
import { waitUntil } from '../../support/wait.ts';

const project = 'shop';
const plan = `
${planHead({ project })}
gates: { check: { by: human }, review: { by: validator }, tests: { run: "true" } }
agents:
  reviewer: { tier: validator, adapter: command, run: "true", retries: 0, pool: 9 }
tasks:
  cart: { title: Cart, phase: build, write: ["cart/**"] }
  docs: { title: Docs, phase: build, write: ["docs/**"] }
  gated: { title: Gated, phase: build, write: ["gated/**"], gates: [check] }
  asked: { title: Asked, phase: build, write: ["asked/**"], gates: [tests, review] }
  both: { title: Both, phase: build, write: ["both/**"], gates: [review, check] }
`;
const lines = (changed: number): string =>
  Array.from({ length: 30 }, (_, n) => (n === changed ? '// changed\n' : `// line ${n}\n`)).join('');

describe.each(enginesOf(import.meta.filename))('a pool of reviewers, on %s', (engine) => {
  let line: Line;
  let builder: Hand;
  afterEach(() => line.close());

  const open = async (): Promise<void> => {
    line = await openLine(engine, { plan, files: { 'cart/a.js': lines(-1) } });
    builder = await line.mint('agent:builder');
  };
  const look = () => lookAtPools(line);
  const reviewers = () => runsOf(line, project, 'reviewer');
  const takeRun = async () =>
    (await line.owner.run.take.mutate({ project, runner: 'here', adapters: ['command'] })).taken;
  const end = (run: string, result: 'shipped' | 'no_progress') =>
    line.owner.run.end.mutate({
      project,
      run,
      runner: 'here',
      cause: 'exited',
      exitCode: 0,
      signal: null,
      usage: { tokens: 0, usdMicro: 0, turns: 0 },
      verdict: { text: JSON.stringify({ version: 1, run, result, summary: 'read it' }) },
    });
  /** Moves main beside the line: the task of the change keeps the file for itself. */
  async function moveMain(text: string): Promise<void> {
    const folder = line.app.gateway.git.folderOf(project);
    const work = mkdtempSync(join(tmpdir(), 'andon-beside-'));
    const clone = join(work, 'w');
    await mustGit(work, ['clone', '-q', folder, 'w']);
    write(clone, { 'cart/a.js': text });
    await mustGit(clone, ['commit', '-qam', 'beside']);
    await mustGit(folder, ['fetch', '-q', clone, 'HEAD']);
    await mustGit(folder, ['update-ref', 'refs/heads/main', await mustGit(clone, ['rev-parse', 'HEAD'])]);
    rmSync(work, { recursive: true, force: true });
  }

  it('has one run for each change that waits for a verdict, bound to it, and no second one', async () => {
    await open();
    const cart = await line.offer(builder, 'cart', { 'cart/b.js': 'export const b = 1;\n' });
    const docs = await line.offer(builder, 'docs', { 'docs/a.md': 'a\n' });
    const gated = await line.offer(builder, 'gated', { 'gated/a.md': 'a\n' });
    for (const { change } of [cart, docs]) await line.until(change, 'judging');
    for (const _again of [1, 2]) await look();
    const bound = async () => (await reviewers()).map(({ task, change }) => `${task} ${change}`).sort();
    expect(await bound()).toEqual([`cart ${cart.change}`, `docs ${docs.change}`]);
    expect((await line.change(gated.change)).state).toBe('gating');
    const taken = await takeRun();
    const given = taken?.run.change === cart.change ? cart : docs;
    expect(taken?.judges).toEqual({ task: taken?.run.task, epoch: 1 });
    await line
      .client(taken?.token ?? '')
      .verdict.approve.mutate({ project, change: given.change, tree: given.tree });
    expect(await end(taken?.run.id ?? '', 'shipped')).toMatchObject({ outcome: 'shipped' });
    await line.until(given.change, 'landed');
    const other = await takeRun();
    expect(await end(other?.run.id ?? '', 'no_progress')).toMatchObject({ outcome: 'no_progress' });
    await look();
    expect(await bound()).toHaveLength(2);
  });

  it('has one for a change whose commands have passed, and whose other gates a validator passes', async () => {
    await open();
    const asked = await line.offer(builder, 'asked', { 'asked/a.md': 'a\n' });
    const both = await line.offer(builder, 'both', { 'both/a.md': 'a\n' });
    const requests = async () =>
      (await line.events())
        .filter(({ type }) => type === 'verdict.requested')
        .map(({ subject, data }) => `${subject} ${data.gates.join()}`);
    const bound = async () => (await reviewers()).map(({ change }) => change);
    await waitUntil(async () => (await requests()).length > 0);
    for (const _again of [1, 2]) await look();
    expect(await bound()).toEqual([asked.change]);
    await line.owner.gate.pass.mutate({
      project,
      change: both.change,
      gate: 'check',
      tree: both.tree,
      note: 'seen',
    });
    for (const _again of [1, 2]) await look();
    expect(await bound()).toEqual([asked.change, both.change]);
    const reviewer = line.client((await takeRun())?.token ?? '');
    const { change, tree } = asked;
    await reviewer.verdict.approve.mutate({ project, change, tree });
    await line.until(change, 'landed');
    expect(await requests()).toEqual([`change/${change} review`, `change/${both.change} review`]);
  });

  it('judges a change again that was rebuilt with another patch', async () => {
    await open();
    const offered = await line.offer(builder, 'cart', { 'cart/a.js': lines(25) });
    await line.until(offered.change, 'judging');
    await look();
    await moveMain(lines(2));
    const first = await takeRun();
    const { change, tree } = offered;
    await line.client(first?.token ?? '').verdict.approve.mutate({ project, change, tree });
    await end(first?.run.id ?? '', 'shipped');
    await waitUntil(async () => {
      const { state, rebuilt } = await line.change(change);
      return state === 'judging' && rebuilt === 1;
    });
    for (const _again of [1, 2]) await look();
    expect((await reviewers()).map((run) => [run.change, run.state])).toEqual([
      [change, 'ended'],
      [change, 'waiting'],
    ]);
  });
});
