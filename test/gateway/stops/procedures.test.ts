import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../../src/client.ts';
import { statement } from '../../../src/store/store.ts';
import { enginesOf } from '../../support/engines.ts';
import { mustGit } from '../../support/gateway.ts';
import { codesOf, type Hand, type Line, openLine, passTime, refusal } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';
import { waitUntil } from '../../support/wait.ts';

const project = 'shop';
const plan = `
${planHead({ done: 'artefact' })}
lease: 10m
gates:
  tests: { run: "true", timeout: 30s }
tasks:
  schema: { title: Schema, phase: build, write: ["schema/**"] }
  api: { title: Api, phase: build, write: ["api/**"], needs: [schema] }
  docs: { title: Docs, phase: build, write: ["docs/**"] }
  held: { title: Held, phase: build, write: ["held/**"] }
  code: { title: Code, phase: build, write: ["code/**"], done: landed, gates: [tests] }
  free: { title: Free, phase: build, write: ["free/**"] }
  more: { title: More, phase: build, write: ["more/**"], done: landed }
  other: { title: Other, phase: build, write: ["other/**"], done: landed }
`;
const rootCause = {
  whys: [
    { why: 'the tests passed on broken code', evidence: 'change chg_1, gate tests' },
    { why: 'the gate ran no tests at all', evidence: 'output of the gate' },
  ],
  kind: 'test' as const,
  prevention: 'the gate fails when it ran nothing',
};

describe.each(enginesOf(import.meta.filename))('the cord, on %s', (engine) => {
  let line: Line;
  let builder: Hand;
  let other: Hand;
  let reviewer: Hand;
  let lead: Hand;
  beforeAll(async () => {
    line = await openLine(engine, { plan });
    builder = await line.mint('agent:builder');
    other = await line.mint('agent:other');
    reviewer = await line.mint('agent:reviewer', { tier: 'validator' });
    lead = await line.mint('agent:lead', { tier: 'executive' });
  });
  afterAll(() => line.close());

  const pull = (
    hand: Pick<Hand, 'client'>,
    colour: 'red' | 'yellow',
    scope = 'project',
    why = 'the tests lie',
  ) => hand.client.cord.pull.mutate({ project, colour, scope, why });
  const owner = () => ({ client: line.owner });
  const clear = (stop: string, of = project) =>
    line.owner.cord.clear.mutate({ project: of, stop, rootCause });
  const claim = (hand: Hand, task?: string) =>
    hand.client.task.claim.mutate({ project, ...(task === undefined ? {} : { task }) });
  const give = (hand: Hand, task: string, epoch: number) =>
    hand.client.task.release.mutate({ project, task, epoch, why: 'x' });
  const cordEvents = async () => (await line.events()).filter(({ type }) => type.startsWith('cord.'));

  it('pulled red by any tier holds claims and steals of the project, and says why until a human clears it', async () => {
    const { task: held } = await claim(builder, 'held');
    for (const hand of [builder, reviewer, lead, owner()]) {
      const { stop } = await pull(hand, 'red');
      const open = await claim(other);
      expect(open).toMatchObject({ task: null, reasons: [{ code: 'line.stopped' }] });
      expect(open.reasons[0]?.found).toContain('red on project');
      expect(await codesOf(claim(other, 'docs'))).toEqual(['line.stopped']);
      const steal = lead.client.task.steal.mutate({ project, task: 'held', to: 'agent:other', why: 'x' });
      expect(await codesOf(steal)).toEqual(['line.stopped']);
      await clear(stop);
      const { task } = await claim(other, 'docs');
      await give(other, 'docs', task?.epoch ?? 0);
    }
    await give(builder, 'held', held?.epoch ?? 0);
    const mine = (await cordEvents()).filter(({ actor }) => actor === builder.agent);
    expect(mine.map(({ type, gid }) => [type, gid])).toEqual([['cord.pulled', builder.grant]]);
    const stored = `select gid, cleared_gid is not null as cleared from stops where pulled_by = $1`;
    expect(await line.app.gateway.store.rows(statement('', stored), [builder.agent])).toEqual([
      { gid: builder.grant, cleared: true },
    ]);
  });

  it('holds its task alone, or the workflow of it, and lets the rest go on', async () => {
    const { stop } = await pull(builder, 'red', 'task/docs');
    expect(await codesOf(claim(other, 'docs'))).toEqual(['line.stopped']);
    const free = await claim(other, 'free');
    expect(free.task?.id).toBe('free');
    await give(other, 'free', free.task?.epoch ?? 0);
    await clear(stop);
    const workflow = await pull(builder, 'red', 'workflow/schema');
    const waiting = await line.owner.task.waiting.query({ project });
    expect(waiting.filter(({ stops }) => stops.length > 0).map(({ task }) => task)).toEqual(['schema']);
    expect(await codesOf(claim(other, 'schema'))).toEqual(['line.stopped']);
    // A task that needs the stopped one is held too, once it is ready.
    await line.app.gateway.store.rows(
      { name: '', text: `update tasks set state = 'ready' where project = $1 and id = 'api'` },
      [project],
    );
    expect(await codesOf(claim(other, 'api'))).toEqual(['line.stopped']);
    await line.app.gateway.store.rows(
      { name: '', text: `update tasks set state = 'backlog' where project = $1 and id = 'api'` },
      [project],
    );
    expect((await claim(other)).task?.id).toBe('docs');
    await give(other, 'docs', (await line.task('docs')).epoch);
    await clear(workflow.stop);
  });

  it('hides no free task behind many that are stopped', async () => {
    const wide = `wide-${engine}`;
    const ids = Array.from({ length: 12 }, (_, n) => `w${n}`);
    const rows = ids.map((id) => `  ${id}: { title: W, phase: build }`).join('\n');
    await line.owner.project.create.mutate({ project: wide });
    await line.owner.plan.put.mutate({
      project: wide,
      text: `version: 1\nproject: ${wide}\ndone: artefact\nphases: [build]\ntasks:\n${rows}\n`,
    });
    for (const id of ids.slice(0, 11))
      await line.owner.cord.pull.mutate({ project: wide, colour: 'red', scope: `task/${id}`, why: 'wrong' });
    const { task } = await line.owner.task.claim.mutate({ project: wide });
    expect(task?.id).toBe('w11');
    const { reasons } = await line.owner.task.claim.mutate({ project: wide });
    expect(reasons).toHaveLength(11);
  });

  it('answers nothing ready, and no stop, when a stop is not what keeps work away', async () => {
    const tester = await line.mint('agent:no-paths', { w: [], skills: [] });
    const { stop } = await pull(builder, 'red', 'task/docs');
    const bound = await line.mint('agent:bound', { w: ['nowhere/**'] });
    const { task, reasons } = await claim(bound);
    expect(task).toBeNull();
    expect(reasons.map(({ code }) => code)).not.toContain('line.stopped');
    expect((await claim(tester)).reasons.map(({ code }) => code)).not.toContain('line.stopped');
    await clear(stop);
  });

  it('pulled yellow lets held work go on to its handoff, its verdict and its landing, and holds new claims', async () => {
    const { task } = await claim(builder, 'code');
    const { stop } = await pull(reviewer, 'yellow');
    const epoch = task?.epoch ?? 0;
    await builder.client.task.renew.mutate({ project, task: 'code', epoch });
    const commit = await line.commit({ 'code/a.txt': 'a\n' });
    await line.push(builder, `task/code/${epoch}/work`, commit);
    const offered = await builder.client.change.submit.mutate({ project, task: 'code', epoch, commit });
    await line.until(offered.change, 'judging');
    expect((await claim(other)).reasons[0]?.code).toBe('line.stopped');
    await reviewer.client.verdict.approve.mutate({ project, change: offered.change, tree: offered.tree });
    await line.until(offered.change, 'landed');
    expect(await codesOf(claim(other, 'docs'))).toEqual(['line.stopped']);
    const why = 'somebody else looked';
    expect(await codesOf(other.client.cord.clear.mutate({ project, stop, why }))).toEqual(['cord.owner']);
    await reviewer.client.cord.clear.mutate({ project, stop, why });
  });

  it('pulled yellow is cleared by an executive, and by a human too', async () => {
    for (const hand of [lead, owner()]) {
      const { stop } = await pull(builder, 'yellow', 'task/docs');
      await hand.client.cord.clear.mutate({ project, stop, why: 'looked at it' });
    }
    expect(await line.owner.cord.status.query({ project })).toEqual({ state: 'running', stops: [] });
  });

  it('counts the same pull of the same person, and hears another person beside it', async () => {
    const first = await pull(builder, 'red', 'task/docs');
    const second = await pull(builder, 'red', 'task/docs', 'still');
    expect(second).toMatchObject({ stop: first.stop, count: 2 });
    const third = await pull(other, 'red', 'task/docs');
    expect(third).toMatchObject({ count: 1 });
    expect(third.stop).not.toBe(first.stop);
    const messages = await lead.client.message.list.query({ project, limit: 500 });
    const about = messages.filter(({ subject }) => subject === `stop/${first.stop}`);
    expect(about).toHaveLength(1);
    const told = (await cordEvents()).filter(({ subject }) => subject === `stop/${first.stop}`);
    expect(told.map(({ data }) => data.why)).toEqual(['the tests lie', 'still']);
    await clear(first.stop);
    expect((await line.owner.cord.status.query({ project })).stops.map(({ id }) => id)).toEqual([third.stop]);
    await clear(third.stop);
  });

  it('is pulled once for one request id, however often that is sent', async () => {
    const named = () =>
      createClient({ url: line.url, token: () => builder.token, requestId: `once-${engine}` });
    const input = { project, colour: 'red' as const, scope: 'task/docs', why: 'x y z' };
    const answers = await Promise.all([named(), named(), named()].map((one) => one.cord.pull.mutate(input)));
    expect(new Set(answers.map(({ stop, count }) => `${stop} ${count}`)).size).toBe(1);
    const [{ stop } = { stop: '' }] = answers;
    await clear(stop);
  });

  it('writes to holders in its scope, to executives and, when red, to people; and again when it is cleared', async () => {
    const { task } = await claim(builder, 'held');
    const { task: apart } = await claim(other, 'docs');
    const { stop } = await pull(lead, 'red', 'task/held', 'wrong schema');
    const inbox = async (hand: Pick<Hand, 'client'>) =>
      (await hand.client.message.list.query({ project, limit: 500 })).filter(
        ({ subject }) => subject === `stop/${stop}`,
      );
    const [message] = await inbox(builder);
    expect(message).toMatchObject({ kind: 'stop', recipient: 'agent:builder' });
    expect(message?.body).toContain('wrong schema');
    expect(await inbox(other)).toEqual([]);
    expect(await inbox(lead)).toMatchObject([{ recipient: 'tier:executive' }]);
    expect(await inbox(owner())).toMatchObject([{ recipient: 'tier:human' }]);
    const status = await builder.client.cord.status.query({ project });
    expect(status).toMatchObject({ state: 'red', stops: [{ id: stop, scope: 'task/held' }] });
    expect([...(status.stops[0]?.told ?? [])].sort()).toEqual([
      'agent:builder',
      'tier:executive',
      'tier:human',
    ]);
    await clear(stop);
    expect((await inbox(builder)).map(({ title }) => title)[0]).toBe('the red stop on task/held is cleared');
    await give(builder, 'held', task?.epoch ?? 0);
    await give(other, 'docs', apart?.epoch ?? 0);
  });

  it('on every project is pulled and cleared by who has a grant on every project, and told in each', async () => {
    await line.owner.project.create.mutate({ project: `second-${engine}` });
    const pulled = await line.owner.cord.pull.mutate({
      project: '*',
      colour: 'red',
      scope: 'all',
      why: 'key leaked',
    });
    expect(await codesOf(claim(other, 'docs'))).toEqual(['line.stopped']);
    expect((await claim(other)).reasons[0]?.found).toContain('red on every project');
    const status = await other.client.cord.status.query({ project });
    expect(status.stops).toMatchObject([{ id: pulled.stop, project: '*' }]);
    expect((await cordEvents()).at(-1)).toMatchObject({
      type: 'cord.pulled',
      subject: `stop/${pulled.stop}`,
    });
    expect(await codesOf(clear(pulled.stop))).toEqual(['cord.missing']);
    await clear(pulled.stop, '*');
    expect((await cordEvents()).at(-1)).toMatchObject({
      type: 'cord.cleared',
      subject: `stop/${pulled.stop}`,
    });
    const { task } = await claim(other, 'docs');
    await give(other, 'docs', task?.epoch ?? 0);
  });

  it('keeps an approved change from landing while it is red, and the change lands by itself once it is cleared', async () => {
    const offered = await line.offer(builder, 'more', { 'more/a.txt': 'a\n' });
    await line.until(offered.change, 'judging');
    const { stop } = await pull(builder, 'red', 'task/more');
    const main = await line.main();
    await reviewer.client.verdict.approve.mutate({ project, change: offered.change, tree: offered.tree });
    // A change that is approved later lands meanwhile, on the main as it was.
    const later = await line.offer(other, 'other', { 'other/a.txt': 'a\n' });
    await reviewer.client.verdict.approve.mutate({ project, change: later.change, tree: later.tree });
    await line.until(later.change, 'landed');
    expect((await line.change(offered.change)).state).toBe('approved');
    expect(await mustGit(line.app.gateway.git.folderOf(project), ['rev-parse', 'main^1'])).toBe(main);
    const [row] = (await line.owner.task.waiting.query({ project })).filter(({ task }) => task === 'more');
    expect(row?.stops).toMatchObject([{ code: 'line.stopped' }]);
    await clear(stop);
    await line.until(offered.change, 'landed');
  });

  it('logs every stop with the time to clear it, and the median', async () => {
    const { stop } = await pull(builder, 'yellow', 'task/docs', 'slow');
    await passTime(90_000, line);
    await builder.client.cord.clear.mutate({ project, stop, why: 'went on' });
    const log = await builder.client.cord.log.query({ project });
    expect(log.stops[0]).toMatchObject({ id: stop, clearedBy: 'agent:builder', clearedWhy: 'went on' });
    expect(log.stops[0]?.seconds).toBeGreaterThanOrEqual(90);
    const seconds = log.stops.flatMap((one) => one.seconds ?? []).sort((a, b) => a - b);
    expect(log).toMatchObject({ open: 0, total: seconds.length });
    const middle = seconds.length / 2;
    const median = ((seconds[Math.ceil(middle) - 1] ?? 0) + (seconds[Math.floor(middle)] ?? 0)) / 2;
    expect(log.medianSeconds).toBeCloseTo(median, 5);
    const red = log.stops.find(({ colour }) => colour === 'red');
    expect(red?.rootCause).toEqual(rootCause);
  });

  it('is in the right of every grant, one with no action in its list too', async () => {
    const bare = await line.mint('agent:bare', { ops: [] });
    expect(await codesOf(claim(bare))).toContain('grant.action');
    const { stop } = await pull(bare, 'yellow', 'task/docs');
    await clear(stop);
    const may = (await line.owner.token.explain.query({ project })).may.map(({ action }) => action);
    expect(may).toContain('cord:pull');
  });

  it('turns yellow by itself when everybody waits for an answer, says who waits for whom, and back by itself', async () => {
    for (const id of ['schema', 'docs', 'held', 'free']) {
      const { task } = await claim(builder, id);
      expect(task?.id).toBe(id);
    }
    const ask = (task: string) =>
      builder.client.task.ask.mutate({ project, task, question: `What about ${task}?` });
    for (const id of ['schema', 'docs', 'held']) await ask(id);
    await line.app.workers.tick();
    expect((await line.owner.cord.status.query({ project })).state).toBe('running');
    await ask('free');
    const stops = async () => (await line.owner.cord.status.query({ project })).stops;
    await waitUntil(async () => (await stops()).length > 0);
    const [stop] = await stops();
    expect(stop).toMatchObject({ colour: 'yellow', cause: 'blocked', pulledBy: 'gateway', scope: 'project' });
    expect(stop?.why).toContain('agent:builder (held) waits for a human: What about held?');
    await line.app.workers.tick();
    expect(await stops()).toHaveLength(1);
    await line.owner.task.answer.mutate({ project, task: 'held', answer: 'That.' });
    await waitUntil(async () => (await stops()).length === 0);
    expect((await line.owner.cord.log.query({ project })).stops[0]).toMatchObject({
      clearedBy: 'gateway',
      count: 1,
    });
  });

  it('is pulled red on every project by a log that was changed, once for each fault', async () => {
    const { store } = line.app.gateway;
    const sql = (text: string) => store.rows({ name: '', text });
    await waitUntil(async () => (await line.owner.audit.verify.query({ project: '*' })).unplaced === 0);
    expect((await line.owner.cord.status.query({ project })).stops).toEqual([]);
    await sql('alter table events disable trigger events_unchanged');
    await sql(`update events set actor = 'agent:nobody' where position = 3`);
    const { fault } = await reviewer.client.audit.verify.query({ project });
    expect(fault?.position).toBe(3);
    const { stops } = await line.owner.cord.status.query({ project });
    expect(stops).toMatchObject([{ colour: 'red', cause: 'audit', project: '*' }]);
    const [first] = await refusal(
      line.owner.task.steal.mutate({ project, task: 'held', to: 'agent:x', why: 'x' }),
    );
    expect(first?.code).toBe('line.stopped');
    await line.app.workers.maintain();
    expect((await line.owner.cord.status.query({ project })).stops).toMatchObject([{ count: 1 }]);
    await clear(stops[0]?.id ?? '', '*');
    await line.app.workers.verifyLog();
    expect((await line.owner.cord.status.query({ project })).stops).toEqual([]);
  });
});
