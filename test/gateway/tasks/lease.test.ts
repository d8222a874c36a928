import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginesOf } from '../../support/engines.ts';
import { codesOf, type Line, openLine } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';

const project = 'shop';
const plan = `
${planHead({ project })}
tasks:
  cart: { title: Cart, phase: build, write: ["cart/**"] }
`;

describe.each(enginesOf(import.meta.filename))('a task that is given to somebody else, on %s', (engine) => {
  let line: Line;
  beforeAll(async () => {
    line = await openLine(engine, { plan });
    const one = await line.mint('agent:one');
    await one.client.task.claim.mutate({ project, task: 'cart' });
  });
  afterAll(() => line.close());

  const steal = (to: string) => line.owner.task.steal.mutate({ project, task: 'cart', to, why: 'a test' });

  it('goes to nobody who may not hold one: a trigger, a runner, a validator', async () => {
    await line.mint('agent:judge', { tier: 'validator', role: 'VALIDATOR' });
    for (const to of ['trigger:nightly', 'runner:here', 'agent:judge'])
      expect([to, await codesOf(steal(to))]).toEqual([to, ['task.holder']]);
    expect((await line.task('cart')).holder).toBe('agent:one');
  });

  it('goes to an agent who may claim, and to a name whose token is made later', async () => {
    await line.mint('agent:two');
    expect((await steal('agent:two')).holder).toBe('agent:two');
    expect((await steal('agent:later')).holder).toBe('agent:later');
  });
});
