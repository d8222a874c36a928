import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readStranded } from '../../src/stops/stranded.ts';
import { engines } from '../support/engines.ts';
import { type Hand, type Line, openLine } from '../support/line.ts';
import { planHead } from '../support/plan-head.ts';

const project = 'shop';
const plan = `
${planHead({ done: 'artefact' })}
tasks:
  schema: { title: Schema, phase: build, write: ["db/**"] }
  api: { title: Api, phase: build, write: ["api/**"], needs: [schema] }
  page: { title: Page, phase: build, write: ["page/**"], needs: [api] }
  other: { title: Other, phase: build, write: ["other/**"] }
`;
const remedy = plan.replace(', needs: [schema]', '').replace(/ {2}schema:.*\n/, '');

describe.each(engines)('work that can never be done, on %s', (engine) => {
  let line: Line;
  let lead: Hand;
  beforeAll(async () => {
    line = await openLine(engine, { plan });
    lead = await line.mint('agent:lead', { tier: 'executive' });
  });
  afterAll(() => line?.close());
  const stops = async () => (await line.owner.cord.status.query({ project })).stops;
  const told = async (client: Line['owner']) =>
    (await client.message.list.query({ project })).filter(({ body }) => body.includes('can never be done'));

  it('is answered to whoever abandons what it needs, and told to people and executives', async () => {
    const answer = await lead.client.task.abandon.mutate({ project, task: 'schema', why: 'x' });
    expect(answer).toMatchObject({ state: 'abandoned', stranded: ['api', 'page'] });
    expect(await told(line.owner)).toHaveLength(1);
    expect(await told(lead.client)).toHaveLength(1);
    expect((await line.events()).find(({ type }) => type === 'task.abandoned')?.data.stranded).toEqual([
      'api',
      'page',
    ]);
  });

  it('is yellow, on what waits alone: other work goes on', async () => {
    expect(await stops()).toMatchObject([
      {
        colour: 'yellow',
        cause: 'stranded',
        scope: 'workflow/schema',
        pulledBy: 'gateway',
      },
    ]);
    const builder = await line.mint('agent:b');
    const { task } = await builder.client.task.claim.mutate({ project });
    expect(task?.id).toBe('other');
  });

  it('is yellow once: neither another plan nor a person who cleared it is told again', async () => {
    const [stop] = await stops();
    await lead.client.cord.clear.mutate({ project, stop: stop?.id ?? '', why: 'known' });
    await line.owner.plan.put.mutate({ project, text: plan.replace('title: Api', 'title: API') });
    expect(await stops()).toEqual([]);
    expect(await told(line.owner)).toHaveLength(1);
  });

  it('is over when the plan no longer needs it, and its stop with it', async () => {
    await lead.client.task.abandon.mutate({ project, task: 'api', why: 'y' });
    expect(await stops()).toMatchObject([{ scope: 'workflow/api' }]);
    await line.owner.plan.put.mutate({
      project,
      text: remedy.replace(', needs: [api]', '').replace(/ {2}api:.*\n/, ''),
    });
    expect(await stops()).toEqual([]);
    expect(await readStranded(line.app.gateway.store, project)).toEqual([]);
    expect((await line.task('page')).state).toBe('ready');
  });

  it('strands nobody when nothing needed it', async () => {
    const answer = await lead.client.task.abandon.mutate({ project, task: 'page', why: 'z' });
    expect(answer.stranded).toEqual([]);
    expect(await stops()).toEqual([]);
  });
});
