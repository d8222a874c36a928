import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Store, statement } from '../../../src/store/store.ts';
import { enginesOf } from '../../support/engines.ts';
import { mustGit } from '../../support/gateway.ts';
import { codesOf, type Hand, type Line, type Offered, openLine } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';
import { approveTogether, landingFaults, moveMainBeside, queueRuns } from '../../support/queue-line.ts';
import { rootCause } from '../../support/root-cause.ts';
import { waitUntil } from '../../support/wait.ts';

const count = 26;
const names = Array.from({ length: count }, (_, n) => `t${n}`);
const task = (name: string): string =>
  `  ${name}: { title: ${name}, phase: build, write: ["src/${name}/**"], gates: [tests] }`;
const plan = `
${planHead()}
landing: { batch: 8 }
gates:
  tests: { run: "sh check.sh", timeout: 30s }
tasks:
${names.map((name) => task(name)).join('\n')}
  base: { title: base, phase: build, write: ["src/base/**"], done: approved }
  top: { title: top, phase: build, write: ["src/top/**"], needs: [base] }
`;
// Fails on a tree with a broken main, with a bad change, or with two changes that do not go together.
const check = `
test ! -e broken || test -e src/t1/mended || exit 3
for one in src/*/bad; do test ! -e "$one" || exit 4; done
test ! -e src/t4/left || test ! -e src/t6/right || exit 5
`;
const project = 'shop';
const one = (name: string, file = 'a.js') => ({
  task: name,
  files: { [`src/${name}/${file}`]: `export const a = '${name}';\n` },
});

/** The methods of a store as an object may be spread from them. */
const bound = (store: Store): Store => ({
  engine: store.engine,
  get orm() {
    return store.orm;
  },
  rows: (statement, params) => store.rows(statement, params),
  transaction: (work) => store.transaction(work),
  listen: (channel, heard, lost) => store.listen(channel, heard, lost),
  close: () => store.close(),
});

describe.each(enginesOf(import.meta.filename))('the landing queue, on %s', (engine) => {
  let line: Line;
  let builder: Hand;
  let reviewer: Hand;
  let begin: string;
  /** Runs once between the landing's last look and its intent. */
  let beforeIntent: (() => Promise<void>) | undefined;
  let atIntent: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    line = await openLine(engine, {
      plan,
      files: { 'check.sh': check },
      extras: {
        at: (point) => {
          if (point === 'before-intent') atIntent = beforeIntent;
        },
        watch: (store) => ({
          ...bound(store),
          transaction: async (work) => {
            const before = atIntent;
            atIntent = undefined;
            await before?.();
            return store.transaction(work);
          },
        }),
      },
    });
    builder = await line.mint('agent:builder');
    reviewer = await line.mint('agent:reviewer', { tier: 'validator' });
    begin = await line.main();
  });
  afterAll(() => line.close());

  const hands = () => ({ builder, reviewer });
  const untilAll = async (offered: readonly Offered[]): Promise<void> => {
    for (const { change } of offered) await line.until(change, 'landed');
  };
  const statesOf = (offered: readonly Offered[]): Promise<string[]> =>
    Promise.all(offered.map(async ({ change }) => (await line.change(change)).state));
  const stopsOf = async (cause: string) =>
    (await line.owner.cord.status.query({ project })).stops.filter((stop) => stop.cause === cause);

  it('lands twelve disjoint changes on two runs, each with its own commit and place', async () => {
    let before = 0;
    const offered = await approveTogether(
      line,
      hands(),
      names.slice(8, 20).map((name) => one(name)),
      async (all) => {
        before = (await queueRuns(line)).length;
        const { rows } = await line.owner.change.queue.query({ project });
        expect(rows.map(({ change, held }) => [change, held[0]?.code])).toEqual(
          all.map(({ change }) => [change, 'line.stopped']),
        );
      },
    );
    await untilAll(offered);
    expect((await queueRuns(line)).length - before).toBe(2);
    expect(await landingFaults(line, begin)).toEqual([]);
  });

  it('refuses the one that fails only on top of another, tells its maker, and lands the rest', async () => {
    const work = [one('t3'), one('t4', 'left'), one('t5'), one('t6', 'right')];
    const offered = await approveTogether(line, hands(), work);
    await waitUntil(async () =>
      (await statesOf(offered)).every((state) => state === 'landed' || state === 'refused'),
    );
    const states = await statesOf(offered);
    expect([states[0], states[2]]).toEqual(['landed', 'landed']);
    expect([states[1], states[3]].sort()).toEqual(['landed', 'refused']);
    const refused = await line.change(offered[states.indexOf('refused')]?.change ?? '');
    expect(refused.note).toMatch(
      /^gate tests failed with this change on main [0-9a-f]{12}, which passes it$/,
    );
    const { attempts } = await line.task(refused.task);
    expect(attempts[0]).toMatchObject({ outcome: 'gate_failed', agent: 'agent:builder' });
    expect(attempts[0]?.reasons.join('\n')).toContain('exit status 5');
    expect(await landingFaults(line, begin)).toEqual([]);
  });

  it('blames nobody for a broken main, tells of it once, and lands the change that mends it', async () => {
    const mend = await line.offer(builder, 't1', one('t1', 'mended').files);
    await line.until(mend.change, 'judging');
    let main = '';
    const offered = await approveTogether(line, hands(), [one('t0'), one('t2')], async () => {
      main = await moveMainBeside(line, { broken: 'yes\n' });
    });
    await waitUntil(async () => (await stopsOf('main')).length > 0);
    expect(await stopsOf('main')).toMatchObject([{ colour: 'yellow', count: 1 }]);
    expect((await stopsOf('main'))[0]?.why).toContain(`main fails gate tests at ${main.slice(0, 12)}`);
    for (let round = 0; round < 3; round++) await line.app.workers.tick();
    expect(await statesOf(offered)).toEqual(['approved', 'approved']);
    // A person who clears the stop has seen it: the same main is not told of again.
    const [told] = await stopsOf('main');
    await line.owner.cord.clear.mutate({ project, stop: told?.id ?? '', why: 'I know' });
    for (let round = 0; round < 3; round++) await line.app.workers.tick();
    expect(await stopsOf('main')).toEqual([]);
    expect(await statesOf(offered)).toEqual(['approved', 'approved']);
    await reviewer.client.verdict.approve.mutate({ project, change: mend.change, tree: mend.tree });
    await untilAll([mend, ...offered]);
    await waitUntil(async () => (await stopsOf('main')).length === 0);
    expect(
      (await line.events()).filter(({ type, data }) => type === 'cord.pulled' && data.cause === 'main'),
    ).toHaveLength(1);
    expect(await landingFaults(line, begin)).toEqual([]);
  });

  it('obeys people: a held change waits, a moved one is first, a withdrawn one goes', async () => {
    const stranger = await line.mint('agent:stranger');
    const work = [one('t20'), one('t21'), one('t22'), one('t23')];
    const offered = await approveTogether(line, hands(), work, async ([first, second, third, last]) => {
      const [why, change] = ['mine', third?.change ?? ''];
      const refused = stranger.client.change.withdraw.mutate({ project, change, why });
      expect(await codesOf(refused)).toEqual(['change.author']);
      expect(await codesOf(builder.client.change.hold.mutate({ project, change, why }))).toContain(
        'grant.tier',
      );
      await builder.client.change.withdraw.mutate({ project, change, why: 'not yet' });
      expect(await line.task('t22')).toMatchObject({ state: 'ready' });
      await line.owner.change.hold.mutate({ project, change: first?.change ?? '', why: 'after the release' });
      await line.owner.change.move.mutate({ project, change: second?.change ?? '', to: 1, why: 'urgent' });
      await line.owner.change.move.mutate({ project, change: last?.change ?? '', to: 1, why: 'more urgent' });
    });
    const [first, second, third, last] = offered.map(({ change }) => change) as [
      string,
      string,
      string,
      string,
    ];
    await line.until(last, 'landed');
    await line.until(second, 'landed');
    const landed = (await line.events())
      .filter(({ type }) => type === 'change.landed')
      .map(({ subject }) => subject);
    expect(landed.slice(-2)).toEqual([`change/${last}`, `change/${second}`]);
    expect((await line.owner.change.why.query({ project, change: first })).why).toBe(
      `held: change.held, by human:owner: after the release (change/${first})`,
    );
    expect((await line.owner.change.why.query({ project, change: third })).why).toMatch(
      /^refused: withdrawn by agent:builder/,
    );
    await line.owner.change.release.mutate({ project, change: first, why: 'released' });
    await line.until(first, 'landed');
    expect(await landingFaults(line, begin)).toEqual([]);
  });

  it('lands none of a batch on the run that passed when a stop comes to one of its members', async () => {
    let stop = '';
    const offered = await approveTogether(line, hands(), [one('t7'), one('t22', 'b.js')], async () => {
      await moveMainBeside(line, { 'beside.txt': 'beside\n' });
      beforeIntent = async () => {
        beforeIntent = undefined;
        const why = 'not this one';
        ({ stop } = await line.owner.cord.pull.mutate({ project, colour: 'red', scope: 'task/t22', why }));
      };
    });
    const [free, held] = offered;
    await line.until(free?.change ?? '', 'landed');
    const landed = (await line.events()).filter(
      ({ type, subject }) => type === 'change.landed' && subject === `change/${free?.change}`,
    );
    expect(landed[0]?.data).toMatchObject({ position: 1, batch: 1 });
    expect((await line.change(held?.change ?? '')).state).toBe('approved');
    await line.owner.cord.clear.mutate({ project, stop, rootCause });
    await line.until(held?.change ?? '', 'landed');
    expect(await landingFaults(line, begin)).toEqual([]);
  });

  it('lands nothing on a pass that was voided between its look and its intent', async () => {
    const voidRuns = statement(
      '',
      `update gate_runs set status = 'void', voided_at = andon_now(), voided_why = 'a test'
       where project = $1 and status = 'passed' and $2 = any(changes) returning id`,
    );
    let voided: readonly string[] = [];
    const [offered] = await approveTogether(line, hands(), [one('t25')], async ([only]) => {
      await moveMainBeside(line, { 'beside-25.txt': 'beside\n' });
      beforeIntent = async () => {
        beforeIntent = undefined;
        const rows = await line.app.gateway.store.rows<{ id: string }>(voidRuns, [project, only?.change]);
        voided = rows.map(({ id }) => id);
      };
    });
    await line.until(offered?.change ?? '', 'landed');
    const { landing } = await line.change(offered?.change ?? '');
    expect(voided).toHaveLength(1);
    expect(landing?.vouchedBy).toHaveLength(1);
    expect(landing?.vouchedBy).not.toEqual(voided);
    expect(await landingFaults(line, begin)).toEqual([]);
  });

  it('lands what a gateway of an earlier version has approved, which knows of no queue', async () => {
    const [offered] = await approveTogether(line, hands(), [one('t24')], async ([only]) => {
      const forget = statement('', 'delete from queue_entries where change = $1');
      await line.app.gateway.store.rows(forget, [only?.change]);
    });
    await line.until(offered?.change ?? '', 'landed');
  });

  it('keeps no tree of a change that is gone', async () => {
    const refs = ['for-each-ref', '--format=%(refname)', 'refs/andon/candidates/queue-*'];
    await waitUntil(async () => (await mustGit(line.app.gateway.git.folderOf(project), refs)) === '');
  });

  it('holds what was built on work that was refused after its approval', async () => {
    const base = await line.offer(builder, 'base', { 'src/base/a.js': 'export const base = 1;\n' });
    await line.owner.cord.pull
      .mutate({ project, colour: 'red', scope: 'task/base', why: 'later' })
      .then(async ({ stop }) => {
        await reviewer.client.verdict.approve.mutate({ project, change: base.change, tree: base.tree });
        const top = await line.offer(
          builder,
          'top',
          { 'src/top/a.js': 'export const top = 1;\n' },
          base.commit,
        );
        await reviewer.client.verdict.approve.mutate({ project, change: top.change, tree: top.tree });
        await moveMainBeside(line, { 'src/base/a.js': 'export const other = 2;\n' });
        await line.owner.cord.clear.mutate({ project, stop, rootCause });
        await line.until(base.change, 'refused');
        for (let round = 0; round < 3; round++) await line.app.workers.tick();
        expect((await line.change(top.change)).state).toBe('approved');
        const { why } = await line.owner.change.why.query({ project, change: top.change });
        expect(why).toBe(`held: change.needs, base is refused (change/${top.change})`);
      });
  });
});
