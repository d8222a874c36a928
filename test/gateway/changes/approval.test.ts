import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginesOf } from '../../support/engines.ts';
import { codesOf, type Hand, type Line, type Offered, openLine, refusal } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';

const project = 'shop';
const plan = `
${planHead({ project })}
gates:
  tests: { run: "test ! -e broken.js", timeout: 30s }
  slow: { run: "sleep 30", timeout: 1m }
  look: { by: validator }
  style: { by: validator }
  sign: { by: human }
tasks:
${['one', 'two', 'three', 'four', 'five', 'six', 'seven']
  .map((name, at) => {
    const gates = ['tests, look', 'look, style', 'sign', 'slow, look', 'look, sign', 'look', 'look'][at];
    return `  ${name}: { title: ${name}, phase: build, write: ["${name}/**"], gates: [${gates}] }`;
  })
  .join('\n')}
`;

describe.each(enginesOf(import.meta.filename))('an approval while gates wait, on %s', (engine) => {
  let line: Line;
  let builder: Hand;
  let reviewer: Hand;
  beforeAll(async () => {
    line = await openLine(engine, { plan });
    builder = await line.mint('agent:builder');
    reviewer = await line.mint('agent:reviewer', { tier: 'validator' });
  });
  afterAll(() => line.close());

  const offer = (task: string): Promise<Offered> => line.offer(builder, task, { [`${task}/a.md`]: 'a\n' });
  const approve = (hand: Pick<Hand, 'client'>, { change, tree }: Offered, gates: string[] = []) =>
    hand.client.verdict.approve.mutate({ project, change, tree, gates });
  const person = (): Pick<Hand, 'client'> => ({ client: line.owner });
  const gatesOf = async ({ change }: Offered): Promise<Record<string, string>> => {
    const rows = await line.owner.gate.list.query({ project, change });
    return Object.fromEntries(rows.map(({ gate, status }) => [gate, status]));
  };
  const typesOf = async ({ change }: Offered): Promise<string[]> =>
    (await line.events()).filter(({ subject }) => subject === `change/${change}`).map(({ type }) => type);

  it('passes the one manual gate of the approver’s tier that is left, as a fact of its own', async () => {
    const offered = await offer('one');
    await expect.poll(() => gatesOf(offered)).toEqual({ tests: 'passed', look: 'waiting' });
    expect(await approve(reviewer, offered)).toMatchObject({ verdict: 'approve', gates: ['look'] });
    await line.until(offered.change, 'landed');
    const types = await typesOf(offered);
    expect(types.indexOf('gate.passed')).toBeLessThan(types.indexOf('verdict.given'));
    const rows = await line.owner.gate.list.query({ project, change: offered.change });
    expect(rows.find(({ gate }) => gate === 'look')).toMatchObject({ passedBy: 'agent:reviewer' });
  });

  it('is refused where it names a gate that the change does not have, whatever is left', async () => {
    const offered = await offer('seven');
    for (const gates of [['nope'], ['look', 'nope'], ['tests']]) {
      const reasons = await refusal(approve(reviewer, offered, gates));
      expect(reasons.map(({ code }) => code)).toEqual(['gate.missing']);
      expect(reasons[0]?.next).toMatch(/^andon gate list chg_/);
    }
    expect(await gatesOf(offered)).toEqual({ look: 'waiting' });
    const why = await line.owner.change.why.query({ project, change: offered.change });
    expect(why.why).toMatch(/^only waits for look, which a validator passes: andon gate pass chg_\w+ look$/);
    const { change, tree } = offered;
    await reviewer.client.gate.pass.mutate({ project, change, tree, gate: 'look', note: 'seen' });
    await line.until(change, 'judging');
    expect(await codesOf(approve(reviewer, offered, ['nope']))).toEqual(['gate.missing']);
    await approve(reviewer, offered, ['look']);
    await line.until(change, 'landed');
  });

  it('passes nothing where several are left, and lists each with its command, until they are named', async () => {
    const offered = await offer('two');
    const reasons = await refusal(approve(reviewer, offered));
    expect(reasons.map(({ code, next }) => [code, next.replace(/chg_\S+/, 'CHANGE')])).toEqual([
      ['gate.waiting', 'andon gate pass CHANGE look'],
      ['gate.waiting', 'andon gate pass CHANGE style'],
    ]);
    expect(await codesOf(approve(reviewer, offered, ['look']))).toEqual(['gate.waiting', 'gate.waiting']);
    expect(await gatesOf(offered)).toEqual({ look: 'waiting', style: 'waiting' });
    await approve(reviewer, offered, ['look', 'style']);
    await line.until(offered.change, 'landed');
  });

  it('passes a gate of people by a person only, and never one of validators by the way', async () => {
    const three = await offer('three');
    expect(await codesOf(approve(reviewer, three))).toEqual(['gate.waiting']);
    await approve(person(), three);
    await line.until(three.change, 'landed');
    const six = await offer('six');
    expect(await codesOf(approve(person(), six))).toEqual(['gate.waiting']);
    expect(await gatesOf(six)).toEqual({ look: 'waiting' });
    const five = await offer('five');
    expect(await codesOf(approve(reviewer, five))).toEqual(['gate.waiting', 'gate.waiting']);
    expect(await gatesOf(five)).toEqual({ look: 'waiting', sign: 'waiting' });
  });

  it('passes nothing while a command has not passed', async () => {
    const offered = await offer('four');
    const reasons = await refusal(approve(reviewer, offered));
    expect(reasons.map(({ code, subject }) => `${code} ${subject}`)).toContain('gate.waiting gate/slow');
    expect((await gatesOf(offered)).look).toBe('waiting');
  });

  it('passes nothing under a grant that may not pass gates, or by a maker', async () => {
    const six = await line.owner.change.list.query({ project, state: 'gating' });
    const waiting = six.find(({ task }) => task === 'six');
    const offered = { change: waiting?.id ?? '', tree: waiting?.tree ?? '' } as Offered;
    const bare = await line.mint('agent:bare', {
      tier: 'validator',
      ops: ['verdict:approve', 'change:read'],
    });
    expect(await codesOf(approve(bare, offered))).toEqual(['gate.waiting']);
    expect(await codesOf(approve(builder, offered))).toContain('grant.tier');
    expect(await gatesOf(offered)).toEqual({ look: 'waiting' });
  });
});
