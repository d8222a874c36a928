import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lookRound } from '../../../src/gateway/triggers/round.ts';
import { TriggerService } from '../../../src/gateway/triggers/service.ts';
import { statement } from '../../../src/store/store.ts';
import { waitingSlots } from '../../../src/triggers/fire-rows.ts';
import { enginesOf } from '../../support/engines.ts';
import { codesOf, type Line, openLine, passTime } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';
import { waitUntil } from '../../support/wait.ts';

const base = `
${planHead({ done: 'artefact' })}
agents:
  lead: { tier: executive }
  fixer: { tier: validator, adapter: command, run: "true" }
tasks:
  cart: { title: Cart, phase: build, write: ["src/**"], deadline: 2099-01-01T00:00:00Z }
`;
const project = 'shop';
const planOf = (triggers: string): string => `${base}triggers:\n${triggers}`;

interface Message {
  readonly recipient: string;
  readonly title: string;
  readonly subject: string;
}

describe.each(enginesOf(import.meta.filename))('triggers on %s', (engine) => {
  let line: Line;
  beforeAll(async () => {
    line = await openLine(engine, { plan: base });
  });
  afterAll(() => line.close());

  // The owner's token lives for twelve hours.
  const pass = async (ms: number): Promise<void> => {
    await passTime(ms, line);
    await line.app.owner.refresh();
  };
  const apply = (triggers: string) => line.owner.plan.put.mutate({ project, text: planOf(triggers) });
  const history = (name: string) => line.owner.trigger.history.query({ project, name });
  const messages = (): Promise<Message[]> =>
    line.app.gateway.store.rows<Message>(
      statement('', 'select recipient, title, subject from messages where project = $1 order by at, id'),
      [project],
    );
  const outcomes = async (name: string): Promise<string[]> =>
    (await history(name)).fires.map(({ outcome }) => outcome);
  const fires = (name: string, count: number) =>
    waitUntil(async () => (await history(name)).fires.length >= count);

  it('fires a slot of an interval once, under the grant of its owner, with an event', async () => {
    await apply('  tick: { every: 1h, notify: "tier:executive", say: "look" }\n');
    await pass(3_600_000);
    await fires('tick', 1);
    expect(await outcomes('tick')).toEqual(['fired']);
    const [fired] = (await line.events()).filter(({ type }) => type === 'trigger.fired');
    expect(fired).toMatchObject({ actor: 'trigger:tick', subject: 'trigger/tick', data: { does: 'notify' } });
    expect((await messages()).map(({ recipient }) => recipient)).toEqual(['tier:executive']);
    const [row] = await line.owner.trigger.list.query({ project });
    expect(row).toMatchObject({
      name: 'tick',
      kind: 'periodic',
      state: 'active',
      fired: 1,
      owner: 'human:owner',
    });
  });

  it('makes up for a night once, and counts what was missed', async () => {
    await apply('  night: { every: 1h, notify: "tier:executive" }\n');
    await pass(10 * 3_600_000);
    await fires('night', 1);
    expect(await history('night')).toMatchObject({ fired: 1, missed: 9 });
  });

  it('takes a trigger away with the plan, and keeps one that did not change', async () => {
    await apply(
      '  night: { every: 1h, notify: "tier:executive" }\n  other: { every: 1d, notify: "human:ada" }\n',
    );
    const names = (await line.owner.trigger.list.query({ project })).map(({ name }) => name);
    expect(names).toEqual(['night', 'other']);
    expect((await line.owner.trigger.show.query({ project, name: 'night' })).fired).toBe(1);
    await apply('  other: { every: 1d, notify: "human:ada" }\n');
    expect(await codesOf(line.owner.trigger.show.query({ project, name: 'night' }))).toEqual([
      'trigger.missing',
    ]);
  });

  it('fires at the second event in a row, and not at two that are not', async () => {
    await apply(
      '  asked: { on: question.asked, consecutive: 2, per: project, where: { data.text: help }, notify: holder }\n',
    );
    const hand = await line.mint('agent:asker', { skills: [] });
    const ask = (question: string) => hand.client.task.ask.mutate({ project, task: 'cart', question });
    await ask('help');
    await ask('other');
    await ask('help');
    await waitUntil(
      async () => (await line.events()).filter(({ type }) => type === 'question.asked').length === 3,
    );
    await waitUntil(async () => (await tallies(line)) === 1);
    expect(await outcomes('asked')).toEqual([]);
    await ask('help');
    await fires('asked', 1);
    const [fire] = (await history('asked')).fires;
    expect(fire).toMatchObject({ outcome: 'fired' });
    expect(fire?.slot).toMatch(/^event\/\d+$/);
    expect(await tallies(line)).toBe(0);
  });

  it('adds a task to the plan, which the next plan from the file does not take away', async () => {
    const triggers =
      '  chore: { every: 1h, overlap: skip, task: { title: Tidy, phase: build, write: ["docs/**"] } }\n';
    await apply(triggers);
    await pass(3_600_000);
    await fires('chore', 1);
    expect((await line.task('chore-1')).state).toBe('ready');
    const { plan } = await line.owner.plan.show.query({ project });
    expect(Object.keys(plan?.tasks ?? {})).toEqual(['cart', 'chore-1']);
    expect(await apply(`${triggers}  more: { every: 1d, notify: "human:ada" }\n`)).toMatchObject({
      removed: [],
    });
    expect((await line.task('chore-1')).state).toBe('ready');
  });

  it('does not fire while the task that it made has not ended, and says so', async () => {
    await pass(3_600_000);
    await fires('chore', 2);
    expect(await outcomes('chore')).toEqual(['skipped', 'fired']);
    await line.owner.task.abandon.mutate({ project, task: 'chore-1', why: 'x' });
    await pass(3_600_000);
    await fires('chore', 3);
    expect(await outcomes('chore')).toEqual(['fired', 'skipped', 'fired']);
    expect((await line.task('chore-2')).state).toBe('ready');
  });

  it('tells of deadlines by its ladder, only the last step of those that passed together', async () => {
    const triggers =
      '  ladder: { deadline: [{ before: 24h, notify: holder }, { before: 12h, notify: "tier:executive" }, { before: 6h, notify: "human:ada" }] }\n';
    const [row] = await line.app.gateway.store.rows<{ now: Date }>(
      statement('', 'select andon_now() as now'),
    );
    const inHours = (hours: number) => new Date((row?.now.getTime() ?? 0) + hours * 3_600_000).toISOString();
    const text = planOf(triggers).replace('2099-01-01T00:00:00Z', inHours(25));
    await line.owner.plan.put.mutate({ project, text });
    const before = (await messages()).length;
    const told = async () => (await messages()).slice(before).map(({ recipient }) => recipient);
    await pass(2 * 3_600_000);
    await waitUntil(async () => (await told()).length === 1);
    await pass(18 * 3_600_000);
    await waitUntil(async () => (await told()).length === 2);
    // No principal holds the task, so its executives are told; the step of twelve hours is void at five.
    expect(await told()).toEqual(['tier:executive', 'human:ada']);
    expect((await messages()).at(-1)?.title).toBe('cart: 5.0 h left until its deadline');
    expect(await history('ladder')).toMatchObject({ fired: 2, missed: 1 });
  });

  it('refuses a slot whose step the trigger has no more, and does nothing in its place', async () => {
    await apply('  steps: { deadline: [{ before: 24h, notify: holder }] }\n');
    const { id } = await line.owner.trigger.show.query({ project, name: 'steps' });
    const told = (await messages()).length;
    await line.app.gateway.store.rows(
      statement(
        '',
        `insert into trigger_due (trigger, slot, project, at, cause)
         values ($1, 'step/5', $2, andon_now(), '{"causes": [], "task": "cart", "step": 5}')`,
      ),
      [id, project],
    );
    line.app.gateway.triggers.wake();
    await fires('steps', 1);
    const [fire] = (await history('steps')).fires;
    expect([fire?.outcome, fire?.error?.[0]?.code, fire?.error?.[0]?.found]).toEqual([
      'refused',
      'trigger.action',
      'a step that is gone',
    ]);
    expect(await messages()).toHaveLength(told);
  });

  it('holds back what comes too often, and tells of it once', async () => {
    await apply('  busy: { on: question.asked, perHour: 2, notify: "human:busy" }\n');
    const hand = await line.mint('agent:busy');
    for (let n = 0; n < 5; n++)
      await hand.client.task.ask.mutate({ project, task: 'cart', question: `q${n}` });
    await waitUntil(async () => (await history('busy')).heldBack === 3);
    await fires('busy', 2);
    await pass(3_700_000);
    await waitUntil(async () =>
      (await messages()).some(
        ({ recipient, title }) => recipient === 'human:owner' && title.includes('3 fires held back'),
      ),
    );
    expect((await messages()).filter(({ recipient }) => recipient === 'human:busy')).toHaveLength(2);
  });

  it('has an audit carried out, and pulls the cord, as its owner could', async () => {
    for (const [name, trigger] of [
      ['watch', { every: '2h', audit: 'idle', over: '4h' }],
      ['halt', { every: '2h', cord: 'yellow', say: 'a look at the line' }],
    ] as const)
      await line.owner.trigger.create.mutate({ project, name, trigger });
    await pass(3 * 3_600_000);
    await fires('watch', 1);
    await fires('halt', 1);
    const { audits } = await line.owner.audit.list.query({ project });
    expect(audits[0]).toMatchObject({
      kind: 'idle',
      askedBy: 'human:owner',
      trigger: expect.stringMatching(/^trg_/),
    });
    await waitUntil(async () => (await line.owner.audit.list.query({ project })).audits[0]?.state === 'done');
    const { stops } = await line.owner.cord.status.query({ project });
    expect(stops).toMatchObject([{ colour: 'yellow', why: 'a look at the line', subject: 'trigger/halt' }]);
    for (const name of ['watch', 'halt']) await line.owner.trigger.delete.mutate({ project, name });
    await line.owner.cord.clear.mutate({ project, stop: stops[0]?.id ?? '', why: 'looked' });
  });

  it('is fired by hand, paused and resumed', async () => {
    await line.owner.trigger.create.mutate({
      project,
      name: 'hand',
      trigger: { every: '1h', notify: 'human:hand' },
    });
    expect(
      await codesOf(
        line.owner.trigger.create.mutate({
          project,
          name: 'hand',
          trigger: { every: '1h', notify: 'human:hand' },
        }),
      ),
    ).toEqual(['trigger.exists']);
    await line.owner.trigger.fire.mutate({ project, name: 'hand' });
    await fires('hand', 1);
    await line.owner.trigger.pause.mutate({ project, name: 'hand' });
    expect(await codesOf(line.owner.trigger.fire.mutate({ project, name: 'hand' }))).toEqual([
      'trigger.action',
    ]);
    await pass(5 * 3_600_000);
    await line.owner.trigger.resume.mutate({ project, name: 'hand' });
    expect(await history('hand')).toMatchObject({ fired: 1, missed: 0 });
    await line.owner.trigger.delete.mutate({ project, name: 'hand' });
    expect(await codesOf(line.owner.trigger.delete.mutate({ project, name: 'busy' }))).toEqual([
      'trigger.exists',
    ]);
  });

  it('starts an agent for an event, inside the grant of its owner, once and not while it runs', async () => {
    await apply(
      '  fix: { on: question.asked, where: { data.text: broken }, spawn: fixer, maxDuration: 7m, for: event }\n',
    );
    const hand = await line.mint('agent:finder');
    const ask = () => hand.client.task.ask.mutate({ project, task: 'cart', question: 'broken' });
    await ask();
    await fires('fix', 1);
    const { made, outcome } = (await history('fix')).fires[0] ?? {};
    expect([outcome, made]).toEqual(['fired', expect.stringMatching(/^run\/run_/)]);
    const [run] = await line.app.gateway.store.rows<Record<string, unknown>>(
      statement('', `select profile, task, max_ms as "maxMs", spawner, trigger, state from runs`),
    );
    const { id } = await line.owner.trigger.show.query({ project, name: 'fix' });
    expect(run).toEqual({
      profile: 'fixer',
      task: 'cart',
      maxMs: 420_000,
      spawner: 'human:owner',
      trigger: id,
      state: 'waiting',
    });
    await ask();
    await fires('fix', 2);
    expect(await outcomes('fix')).toEqual(['skipped', 'fired']);
    const requested = (await line.events()).filter(({ type }) => type === 'run.requested');
    expect(requested.map(({ actor }) => actor)).toEqual(['trigger:fix']);
  });

  it('shows the next ten times of what is only thought of', async () => {
    const { times, reasons } = await line.owner.trigger.preview.query({
      project,
      trigger: { cron: '0 9 * * mon-fri', zone: 'Europe/Berlin', notify: 'human:ada' },
    });
    expect(reasons).toEqual([]);
    expect(times).toHaveLength(10);
  });

  // The last test: no trigger fires any more after it.
  it('finds in its next round what happened while nobody listened to the log', async () => {
    await apply('  late: { on: question.asked, notify: "human:late" }\n');
    const { store, triggers } = line.app.gateway;
    expect(triggers).toBeInstanceOf(TriggerService);
    if (triggers instanceof TriggerService) await triggers.close();
    const hand = await line.mint('agent:late');
    await hand.client.task.ask.mutate({ project, task: 'cart', question: 'anybody?' });
    // The event gets its position in the log shortly after the answer.
    await waitUntil(async () => {
      await lookRound(store, (error) => expect(error).toBeUndefined());
      return (await waitingSlots(store, false, 10)).length === 1;
    });
    expect(await waitingSlots(store, false, 10)).toMatchObject([
      { name: 'late', slot: expect.stringMatching(/^event\/\d+$/) },
    ]);
  });
});

async function tallies(line: Line): Promise<number> {
  const [row] = await line.app.gateway.store.rows<{ count: number }>(
    statement('', 'select count(*)::int as count from trigger_tallies'),
  );
  return row?.count ?? 0;
}

it('a trigger that adds a task leaves those of the plan in their order', async () => {
  const ids = ['zeta-is-first', 'cart', 'a', 'middle-one'];
  const tasks = ids.map((id) => `  ${id}: { title: T, phase: build, write: ["src/**"] }`).join('\n');
  const adds = '  adds: { every: 1h, task: { title: Added, phase: build, write: [docs] } }';
  const text = `${base.replace(/ {2}cart: .*/, tasks)}triggers:\n${adds}\n`;
  const line = await openLine('pglite', { plan: text });
  try {
    await passTime(3_600_000, line);
    await waitUntil(async () => (await line.owner.task.list.query({ project })).length > ids.length);
    const rows = await line.owner.task.list.query({ project });
    const order = rows.toSorted((a, b) => a.position - b.position).map(({ id }) => id);
    expect(order).toEqual([...ids, 'adds-1']);
    expect((await line.owner.plan.diff.query({ project, text })).changed).toEqual([]);
  } finally {
    await line.close();
  }
});
