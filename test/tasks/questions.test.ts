import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { engines } from '../support/engines.ts';
import { codesOf, type Hand, type Line, openLine } from '../support/line.ts';
import { planHead } from '../support/plan-head.ts';

const project = 'shop';
const planOf = (tasks: readonly string[]): string => `
${planHead({ project })}
tasks:
${tasks.map((id) => `  ${id}: { title: ${id}, phase: build, write: ["${id}/**"] }`).join('\n')}
`;

describe.each(engines)('a task with an open question, on %s', (engine) => {
  let line: Line;
  let builder: Hand;
  beforeAll(async () => {
    line = await openLine(engine, { plan: planOf(['asked', 'other']) });
    builder = await line.mint('agent:builder');
  });
  afterAll(() => line.close());

  it('is neither abandoned nor dropped by a plan, until a person has answered', async () => {
    await builder.client.task.ask.mutate({ project, task: 'asked', question: 'which one?' });
    const abandon = () => line.owner.task.abandon.mutate({ project, task: 'asked', why: 'enough' });
    const drop = () => line.owner.plan.put.mutate({ project, text: planOf(['other']) });
    expect(await codesOf(abandon())).toEqual(['task.question']);
    expect(await codesOf(drop())).toEqual(['task.question']);
    const { removed, reasons } = await line.owner.plan.diff.query({ project, text: planOf(['other']) });
    expect(removed).toEqual(['asked']);
    expect(reasons.map(({ code, subject }) => `${code} ${subject}`)).toEqual(['task.question task/asked']);
    // A plan that keeps the task goes through.
    await line.owner.plan.put.mutate({ project, text: planOf(['asked', 'other', 'third']) });
    await line.owner.task.answer.mutate({ project, task: 'asked', answer: 'the blue one' });
    expect(await drop()).toMatchObject({ applied: true, removed: ['asked', 'third'] });
    expect((await line.task('asked')).state).toBe('abandoned');
  });
});
