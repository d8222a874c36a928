import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginesOf } from '../../support/engines.ts';
import { git, mustGit, write } from '../../support/gateway.ts';
import { codesOf, type Hand, type Line, openLine } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';
import { pullRed } from '../../support/queue-line.ts';
import { type Beside, besideOf, mainFaults } from '../../support/upstream.ts';
import { waitUntil } from '../../support/wait.ts';

const project = 'shop';
const planOf = (upstream: string, run = 'test ! -e broken'): string => `
${planHead({ project })}
upstream: { url: "${upstream}" }
gates:
  tests: { run: "${run}", timeout: 1m }
  look: { by: validator }
tasks:
${Array.from({ length: 12 }, (_, n) => `  t${n}: { title: T, phase: build, write: ["t${n}/**"], gates: [tests] }`).join('\n')}
`;

describe.each(enginesOf(import.meta.filename))(
  'the merge of main with an upstream that went another way, on %s',
  (engine) => {
    let line: Line;
    let beside: Beside;
    let builder: Hand;
    let reviewer: Hand;
    let ada: Hand;
    let begin: string;
    let next = 0;

    beforeAll(async () => {
      line = await openLine(engine, { plan: planOf('/nowhere'), config: { upstreamFreshMs: 0 } });
      beside = await besideOf(line.app.gateway.git.folderOf(project));
      await line.owner.plan.put.mutate({ project, text: planOf(beside.upstream) });
      begin = await line.main();
      builder = await line.mint('agent:builder');
      reviewer = await line.mint('agent:reviewer', { tier: 'validator' });
      ada = await line.mint('human:ada', { tier: 'human' });
    });
    afterAll(async () => {
      await line?.close();
      beside?.close();
    });

    const stops = async () =>
      (await line.owner.cord.status.query({ project })).stops.filter(({ cause }) => cause === 'sync');
    const eventsOf = async (type: string) => (await line.events()).filter((one) => one.type === type);
    const merge = () => line.owner.project.merge.mutate({ project });
    const why = async (change: string) => (await line.owner.change.why.query({ project, change })).why;
    const rest = () =>
      waitUntil(async () => (await stops()).length === 0 && (await line.main()) === (await beside.tip()));

    /** A change that lands while the upstream does not answer, and what a colleague pushed meanwhile. */
    async function diverge(
      theirs: Record<string, string>,
      ours: (task: string) => Record<string, string> = () => ({}),
    ) {
      const task = `t${next++}`;
      const offered = await line.offer(builder, task, { [`${task}/x`]: task, ...ours(task) });
      await line.until(offered.change, 'judging');
      const before = (await eventsOf('sync.diverged')).length;
      renameSync(beside.upstream, `${beside.upstream}.away`);
      await reviewer.client.verdict.approve.mutate({ project, change: offered.change, tree: offered.tree });
      await line.until(offered.change, 'landed');
      await waitUntil(async () => (await eventsOf('sync.diverged')).length > before);
      renameSync(`${beside.upstream}.away`, beside.upstream);
      await beside.push(theirs);
    }
    /** Opens the merge, and answers the change. */
    async function open(): Promise<string> {
      const answer = await merge();
      if (!('change' in answer)) throw new Error(JSON.stringify(answer));
      return answer.change;
    }
    const approve = async (hand: Hand, change: string) => {
      const { tree } = await line.change(change);
      return hand.client.verdict.approve.mutate({ project, change, tree });
    };
    const tipsOf = async (change: string): Promise<[string, string]> => {
      const { base, commitId } = await line.change(change);
      return [base, commitId];
    };
    /** A person merges both tips in a clone, with these files, and pushes that. */
    async function pushMerge(change: string, files: Record<string, string>, parents?: [string, string]) {
      const [ours, theirs] = parents ?? (await tipsOf(change));
      const work = join(beside.folder, `merge-${Math.random()}`);
      await mustGit(beside.folder, ['clone', '-q', line.app.gateway.git.folderOf(project), work]);
      await mustGit(work, ['fetch', '-q', beside.upstream, 'main']);
      await mustGit(work, ['checkout', '-q', '--detach', ours]);
      await git(work, ['merge', '--no-commit', '--no-ff', theirs]);
      write(work, files);
      await mustGit(work, ['add', '-A']);
      await mustGit(work, ['commit', '-q', '-m', 'merge by hand']);
      const auth = { url: line.url, token: line.ownerToken() };
      return git(
        work,
        ['push', '-q', `${line.url}/git/${project}.git`, `HEAD:refs/heads/sync/${change}`],
        auth,
      );
    }

    it('has nothing to do while one side has all that the other has', async () => {
      expect(await merge()).toMatchObject({ kind: 'same' });
      await beside.push({ one: 'one' });
      expect(await merge()).toMatchObject({ kind: 'forward' });
      expect(await line.owner.project.sync.mutate({ project })).toMatchObject({ kind: 'forwarded' });
      expect(await codesOf(builder.client.project.merge.mutate({ project }))).toContain('grant.action');
    });

    it('is a change whose gates run, that another person approves, and that lands on both', async () => {
      await diverge({ two: 'two' });
      const [ours, theirs] = [await line.main(), await beside.tip()];
      // Two people at once open one merge.
      const both = await Promise.all([merge(), ada.client.project.merge.mutate({ project })]);
      expect(both.map(({ kind }) => kind).sort()).toEqual(['begun', 'open']);
      const change = await open();
      const [stop] = await stops();
      expect(stop?.why).toContain('andon sync --merge');
      await line.until(change, 'judging');
      const row = await line.change(change);
      expect(row).toMatchObject({ kind: 'sync', base: ours, commitId: theirs, conflicts: [] });
      expect(row.gates.map(({ gate, status }) => [gate, status])).toEqual([['tests', 'passed']]);
      expect((await line.owner.change.diff.query({ project, change })).text).toContain('+two');
      expect(await eventsOf('verdict.requested')).toHaveLength(1);
      // It waits for a person, on the page as well.
      const { items } = await line.owner.page.mine.query({ project });
      expect(items.filter(({ kind }) => kind === 'verdict')).toMatchObject([
        { change, title: 'the merge of main with the upstream' },
      ]);
      // Neither its maker nor a validator judges it.
      const maker = row.author === 'human:ada' ? ada : undefined;
      const mine =
        maker === undefined ? approve({ ...ada, client: line.owner }, change) : approve(ada, change);
      expect(await codesOf(mine)).toEqual(['duty.separated']);
      expect(await codesOf(approve(reviewer, change))).toEqual(['grant.tier']);
      await approve(maker === undefined ? ada : { ...ada, client: line.owner }, change);
      await line.until(change, 'landed');
      await rest();
      const main = await line.main();
      const folder = line.app.gateway.git.folderOf(project);
      expect(await mustGit(folder, ['log', '-1', '--format=%P', main])).toBe(`${ours} ${theirs}`);
      const body = await mustGit(folder, ['log', '-1', '--format=%B', main]);
      expect(body).toMatch(/Andon-Approved: by human:\S+\nAndon-Vouched: by gat_/);
      const [sync] = await line.owner.project.syncs.query({ project });
      expect(sync).toMatchObject({ oldMain: ours, newMain: main, change, commits: 1, state: 'done' });
      expect((await eventsOf('project.synced')).at(-1)?.data).toMatchObject({
        kind: 'merged',
        change,
        theirs,
      });
      expect(await mainFaults(line, begin, 1)).toEqual([]);
    });

    it('holds every landing while it is open, a red stop holds it, and a lone person approves it as own work', async () => {
      const task = `t${next++}`;
      const waiting = await line.offer(builder, task, { [`${task}/x`]: task });
      await line.until(waiting.change, 'judging');
      await diverge({ three: 'three' });
      const change = await open();
      await approve(reviewer, waiting.change);
      const { rows } = await line.owner.change.queue.query({ project });
      expect(rows[0]?.held.map(({ code }) => code)).toEqual(
        expect.arrayContaining(['sync.open', 'line.stopped']),
      );
      await line.until(change, 'judging');
      const clear = await pullRed(line);
      const { tree } = await line.change(change);
      const main = await line.main();
      await line.owner.verdict.approve.mutate({ project, change, tree, ownWork: true });
      await line.app.workers.tick();
      expect((await line.change(change)).state).toBe('approved');
      expect(await line.main()).toBe(main);
      await clear();
      await line.until(change, 'landed');
      await line.until(waiting.change, 'landed');
      await rest();
      expect(await mainFaults(line, begin, 1)).toEqual([]);
    });

    it('lists conflicts, and takes a merge of exactly both tips by a push', async () => {
      const path = `t${next}/same`;
      await diverge({ [path]: 'theirs' }, () => ({ [path]: 'ours' }));
      const change = await open();
      const row = await line.change(change);
      expect(row).toMatchObject({ state: 'gating', conflicts: [path], gates: [] });
      expect(await why(change)).toContain(`conflicts in ${path}`);
      expect((await line.owner.change.diff.query({ project, change })).text).toContain('<<<<<<<');
      const blind = line.owner.verdict.approve.mutate({
        project,
        change,
        tree: row.tree,
        ownWork: true,
        gates: ['look'],
      });
      expect(await codesOf(blind)).toEqual(['change.conflict']);
      // A commit that is no merge, one with another parent, one for another change, and one by an agent.
      const wrong = await pushMerge(change, { [path]: 'both' }, [row.base, begin]);
      expect(wrong.err).toContain('sync.parents');
      expect((await pushMerge('chg_00000000000000000000000000', {}, [row.base, row.commitId])).err).toContain(
        'change.missing',
      );
      const plain = join(beside.folder, 'plain');
      await mustGit(beside.folder, ['clone', '-q', line.app.gateway.git.folderOf(project), plain]);
      await mustGit(plain, ['commit', '-q', '--allow-empty', '-m', 'no merge']);
      const to = [`${line.url}/git/${project}.git`, `HEAD:refs/heads/sync/${change}`];
      const owner = { url: line.url, token: line.ownerToken() };
      expect((await git(plain, ['push', ...to], owner)).err).toContain('sync.parents');
      expect((await git(plain, ['push', ...to], { ...owner, token: builder.token })).err).toContain(
        'grant.action',
      );
      expect((await line.change(change)).resolution).toBeNull();
      // Either order of the parents will do.
      expect(await pushMerge(change, { [path]: 'both' }, [row.commitId, row.base])).toMatchObject({
        code: 0,
      });
      await line.until(change, 'judging');
      expect((await line.change(change)).conflicts).toEqual([]);
      await approve(ada, change);
      await line.until(change, 'landed');
      await rest();
      const folder = line.app.gateway.git.folderOf(project);
      expect(await mustGit(folder, ['show', `main:${path}`])).toBe('both');
      expect(await mustGit(folder, ['for-each-ref', 'refs/heads/sync/'])).toBe('');
      expect(await mainFaults(line, begin, 1)).toEqual([]);
    });

    it('stays open when gates fail, and follows tips that move, with what a person resolved', async () => {
      await diverge({ broken: 'by the upstream', four: 'four' });
      const change = await open();
      const failed = () => waitUntil(async () => (await why(change)).startsWith('gates failed: tests'));
      await failed();
      expect((await line.change(change)).state).toBe('gating');
      const ended = (await eventsOf('gate.ended')).length;
      expect(await merge()).toMatchObject({ kind: 'renewed', failed: ['tests'] });
      await waitUntil(async () => (await eventsOf('gate.ended')).length > ended);
      await failed();
      const folder = line.app.gateway.git.folderOf(project);
      const work = join(beside.folder, 'mend');
      await mustGit(beside.folder, ['clone', '-q', folder, work]);
      const { base, commitId } = await line.change(change);
      await mustGit(work, ['fetch', '-q', beside.upstream, 'main']);
      await mustGit(work, ['checkout', '-q', '--detach', base]);
      await mustGit(work, ['merge', '-q', '--no-commit', '--no-ff', commitId]);
      await mustGit(work, ['rm', '-q', '-f', 'broken']);
      await mustGit(work, ['commit', '-q', '-m', 'mended']);
      const auth = { url: line.url, token: line.ownerToken() };
      await mustGit(
        work,
        ['push', '-q', `${line.url}/git/${project}.git`, `HEAD:refs/heads/sync/${change}`],
        auth,
      );
      await line.until(change, 'judging');
      // The upstream moves between the approval and the landing: what is approved is not what would land.
      const before = await line.change(change);
      const theirs = await beside.push({ five: 'five' });
      await approve(ada, change);
      await waitUntil(async () => (await line.change(change)).commitId === theirs);
      await line.until(change, 'judging');
      const after = await line.change(change);
      expect(after.tree).not.toBe(before.tree);
      expect((await eventsOf('sync.renewed')).at(-1)?.data.why).toBe('the upstream has moved');
      await approve(ada, change);
      await line.until(change, 'landed');
      await rest();
      const files = await mustGit(folder, ['ls-tree', '--name-only', 'main']);
      expect(files.split('\n')).toEqual(expect.arrayContaining(['four', 'five']));
      expect(files).not.toContain('broken');
      expect(await mainFaults(line, begin, 1)).toEqual([]);
    });

    it('ends when it is withdrawn, or both sides agree without it', async () => {
      await diverge({ six: 'six' });
      const one = await open();
      await ada.client.change.withdraw.mutate({ project, change: one, why: 'not now' });
      expect(await why(one)).toContain('not now');
      const two = await open();
      expect(two).not.toBe(one);
      await mustGit(beside.colleague, [
        'pull',
        '-q',
        '--no-rebase',
        '--no-edit',
        line.app.gateway.git.folderOf(project),
        'main',
      ]);
      await mustGit(beside.colleague, ['push', '-q', 'origin', 'HEAD:main']);
      await line.owner.project.sync.mutate({ project });
      await rest();
      expect(await why(two)).toContain('agree without it');
      expect(await mainFaults(line, begin, 1)).toEqual([]);
    });
  },
);
