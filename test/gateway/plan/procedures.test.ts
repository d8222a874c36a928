import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkPlan } from '../../../src/plan/check.ts';
import { findCycle } from '../../../src/plan/graph.ts';
import { parsePlan } from '../../../src/plan/parse.ts';
import { enginesOf } from '../../support/engines.ts';
import { codesOf, type Hand, type Line, openLine, refusal } from '../../support/line.ts';

const plan = `
version: 1
project: shop
done: artefact
phases: [build, harden]
gates: { look: { by: validator } }
tasks:
  cart: { title: Cart, phase: build, write: ["src/cart/**"] }
  pay: { title: Pay, phase: build, needs: [cart], write: ["src/pay/**"], gates: [look] }
  late: { title: Late, phase: harden, write: ["src/late/**"] }
`;
const project = 'shop';

describe.each(enginesOf(import.meta.filename))('plans through admission, on %s', (engine) => {
  let line: Line;
  let lead: Hand;
  let builder: Hand;
  beforeAll(async () => {
    line = await openLine(engine, { plan });
    lead = await line.mint('agent:lead', { tier: 'executive' });
    builder = await line.mint('agent:builder');
  });
  afterAll(() => line.close());
  const put = (text: string, hand: Pick<Hand, 'client'> = { client: line.owner }) =>
    hand.client.plan.put.mutate({ project, text });

  it('changes nothing when the same plan comes again, and appends no event', async () => {
    const before = (await line.events()).length;
    const { revision } = await line.owner.plan.show.query({ project });
    expect(await put(plan)).toMatchObject({ applied: false, added: [], changed: [], removed: [] });
    expect((await line.owner.plan.show.query({ project })).revision).toBe(revision);
    expect((await line.events()).length).toBe(before);
  });

  it('shows the difference before it is applied, and changes nothing by that', async () => {
    const next = plan
      .replace('title: Cart', 'title: Basket')
      .replace(/ {2}late:.*\n/, '  new: { title: N, phase: build, write: [n] }\n');
    const diff = await line.owner.plan.diff.query({ project, text: next });
    expect(diff).toMatchObject({
      added: ['new'],
      changed: [{ task: 'cart', members: ['title'] }],
      removed: ['late'],
      reasons: [],
    });
    expect((await line.task('cart')).title).toBe('Cart');
  });

  it('shows first what weakens a guard, and writes that into the log', async () => {
    const next = plan
      .replace('title: Late', 'title: Later')
      .replace('by: validator', 'run: "true"')
      .replace('phases: [build, harden]', 'phases: [build, harden, ship]');
    const look = {
      where: 'gates.look',
      before: 'by validator',
      after: 'true',
      weakens: true,
      personOnly: true,
    };
    const diff = await lead.client.plan.diff.query({ project, text: next });
    expect(diff).toMatchObject({ guards: [look], hasOtherPhases: true });
    expect(Object.keys(diff)[0]).toBe('guards');
    expect(await put(next)).toMatchObject({ guards: [look] });
    const applied = (await line.events()).filter(({ type }) => type === 'plan.applied');
    expect(applied.at(-1)?.data).toMatchObject({ guards: [look] });
    const again = await line.owner.plan.diff.query({ project, text: next });
    expect(again).toMatchObject({ guards: [], changed: [], hasOtherPhases: false });
    const progress = next.replace('title: Cart,', 'title: Cart, progress: tree,');
    expect(await line.owner.plan.diff.query({ project, text: progress })).toMatchObject({
      changed: [{ task: 'cart', members: ['progress'] }],
    });
    await put(plan);
  });

  it('writes no more changed guards into the log than a reader takes in', async () => {
    const gates = Array.from({ length: 120 }, (_, n) => `g${n}: { by: human }`).join(', ');
    await put(plan.replace('gates: { look', `gates: { ${gates}, look`));
    const applied = (await line.events()).filter(({ type }) => type === 'plan.applied').at(-1);
    expect(applied?.data.guards).toHaveLength(100);
    expect(applied?.data.guardsLeft).toBe(20);
    await put(plan);
  });

  it('takes away no work in progress, and lets harmless members change', async () => {
    const { task } = await builder.client.task.claim.mutate({ project, task: 'cart' });
    const narrowed = plan.replace('src/cart/**', 'src/cart/a/**');
    const [held] = await refusal(put(narrowed));
    expect(held).toMatchObject({
      code: 'plan.running',
      subject: 'task/cart',
      found: expect.stringContaining('write'),
    });
    expect(await codesOf(put(plan.replace(/ {2}cart:.*\n/, '').replace('needs: [cart], ', '')))).toEqual([
      'plan.running',
    ]);
    await put(plan.replace('title: Cart', 'title: Carts'));
    expect((await line.task('cart')).title).toBe('Carts');
    await put(plan);
    await builder.client.task.release.mutate({ project, task: 'cart', epoch: task?.epoch ?? 0, why: 'x' });
  });

  it('lets an executive edit tasks, and leaves to people what judges them', async () => {
    await put(plan.replace('title: Pay', 'title: Payment'), lead);
    const forbidden: [string, string][] = [
      ['gates', plan.replace('by: validator', 'by: human')],
      ['limits', plan.replace('gates: {', 'limits: { implementer: { complexity: 50 } }\ngates: {')],
      ['agents', plan.replace('gates: {', 'agents: { a: { tier: implementer } }\ngates: {')],
      ['protect', plan.replace('gates: {', 'protect: ["docs/law/**"]\ngates: {')],
      ['lease', plan.replace('gates: {', 'lease: 1d\ngates: {')],
      ['done', plan.replace('done: artefact', 'done: approved')],
      ['tasks.pay.gates', plan.replace(', gates: [look]', '')],
      [
        'tasks.cart.unprotect',
        plan.replace('["src/cart/**"]', '["src/cart/**", andon.yaml], unprotect: [andon.yaml]'),
      ],
      ['tasks.cart.done', plan.replace('phase: build, write', 'phase: build, done: approved, write')],
    ];
    for (const [member, text] of forbidden) {
      const reasons = await refusal(put(text, lead));
      expect(
        reasons.map(({ code, subject }) => `${code} ${subject}`),
        member,
      ).toContain(`grant.tier plan/${member}`);
    }
    expect(await codesOf(put(plan, builder))).toContain('grant.tier');
    await put(plan);
  });

  it('refuses a plan for another project', async () => {
    expect(await codesOf(put(plan.replace('project: shop', 'project: other')))).toEqual(['plan.reference']);
  });

  it('opens a phase when all before it has ended, or when a person says so', async () => {
    expect((await line.task('late')).state).toBe('backlog');
    expect(await codesOf(lead.client.phase.advance.mutate({ project, phase: 'harden', why: 'x' }))).toContain(
      'grant.tier',
    );
    expect(await codesOf(line.owner.phase.advance.mutate({ project, phase: 'nowhere', why: 'x' }))).toEqual([
      'plan.reference',
    ]);
    await line.owner.phase.advance.mutate({ project, phase: 'harden', why: 'in a hurry' });
    expect((await line.task('late')).state).toBe('ready');
    expect((await line.task('pay')).state).toBe('backlog');
    await line.owner.phase.advance.mutate({ project, phase: 'harden', why: 'once more' });
    const opened = (await line.events()).filter(
      ({ type, subject }) => type === 'phase.opened' && subject === 'phase/harden',
    );
    expect(opened.map(({ data }) => data.why)).toEqual(['in a hurry']);
  });
});

describe('what a plan cannot mean', () => {
  const codes = (tasks: string, more = '') =>
    checkPlan(
      parsePlan(`version: 1\nproject: shop\ndone: landed\nphases: [build, harden]\n${more}tasks:\n${tasks}`),
    ).map(({ code, subject, found }) => `${code} ${subject} ${found}`);

  it('names the whole path of a cycle', () => {
    const tasks =
      '  a: { title: A, phase: build, write: [a], needs: [b] }\n  b: { title: B, phase: build, write: [b], needs: [c] }\n  c: { title: C, phase: build, write: [c], needs: [a] }\n';
    expect(codes(tasks)).toEqual(['plan.cycle a -> b -> c -> a 3 tasks']);
    expect(codes('  a: { title: A, phase: build, write: [a], needs: [a] }\n')).toEqual([
      'plan.cycle a -> a 1 tasks',
    ]);
  });

  it('walks a chain of 100,000 tasks without overflow, closed or not', () => {
    const chain = new Map(Array.from({ length: 100_000 }, (_, i) => [`t${i}`, i === 0 ? [] : [`t${i - 1}`]]));
    expect(findCycle(chain)).toBeUndefined();
    chain.set('t0', ['t99999']);
    expect(findCycle(chain)).toHaveLength(100_001);
  });

  it.each([
    [
      'an unknown phase, need and gate',
      '  a: { title: A, phase: x, write: [a], needs: [y], gates: [z] }\n',
      ['plan.reference tasks.a.phase x', 'plan.reference tasks.a.needs y', 'plan.reference tasks.a.gates z'],
    ],
    [
      'a task that may write nothing',
      '  a: { title: A, phase: build }\n',
      ['plan.impossible tasks.a no writable path is left'],
    ],
    [
      'a task that may write protected files only',
      '  a: { title: A, phase: build, write: [package.json] }\n',
      ['plan.impossible tasks.a no writable path is left'],
    ],
    [
      'a need of a later phase',
      '  a: { title: A, phase: build, write: [a], needs: [b] }\n  b: { title: B, phase: harden, write: [b] }\n',
      ['plan.impossible tasks.a needs b of the later phase harden'],
    ],
    [
      'a glob outside the language',
      '  a: { title: A, phase: build, write: ["src/{a,b}"] }\n',
      [expect.stringMatching(/^plan.invalid tasks.a.write: src\/\{a,b\}/)],
    ],
    [
      'a path that climbs out',
      '  a: { title: A, phase: build, write: ["../x"] }\n',
      [expect.stringMatching(/^plan.invalid/)],
    ],
  ])('is refused: %s', (_name, tasks, expected) => {
    expect(codes(tasks)).toEqual(expected);
  });

  it('is refused: skills or paths that no implementer profile of the plan has', () => {
    const agents = 'agents: { b: { tier: implementer, skills: [ts], write: ["src/**"] } }\n';
    expect(codes('  a: { title: A, phase: build, write: [src/a], requires: [rust] }\n', agents)).toEqual([
      'plan.impossible tasks.a requires rust',
    ]);
    expect(codes('  a: { title: A, phase: build, write: [docs/a] }\n', agents)[0]).toContain(
      'may write docs/a',
    );
    expect(codes('  a: { title: A, phase: build, write: [src/a], requires: [ts] }\n', agents)).toEqual([]);
  });
});
