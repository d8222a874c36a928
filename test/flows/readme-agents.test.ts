import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePlan } from '../../src/plan/parse.ts';
import { sourceRepository, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { blocksOf, fileIn, textOf } from '../support/markdown.ts';
import { containments, endOf, outputOf, startTestRunner, type TestRunner } from '../support/runner.ts';

const page = textOf('docs/runs.md');
const script = fileIn(page, 'tools/list.sh');
const agentsPlan = blocksOf(page).find(({ text }) => text.includes('adapter: codex'))?.text ?? '';
const [containment] = containments;

describe('the agents of docs/runs.md', () => {
  let gateway: TestGateway;
  let runner: TestRunner;
  let source: string;
  beforeAll(async () => {
    gateway = await startTestGateway('pglite');
    source = await sourceRepository({
      'tools/list.sh': script,
      'src/cart.js': 'export function addItem() {}\n',
      'src/price.js': 'export function priceOf() {}\n',
    });
    await gateway.owner.project.create.mutate({ project: 'shop', source });
    await gateway.owner.plan.put.mutate({ project: 'shop', text: fileIn(page, 'andon.yaml') });
    runner = await startTestRunner(gateway, 'shop', containment);
  });
  afterAll(async () => {
    await runner?.close();
    await gateway?.close();
    rmSync(source, { recursive: true, force: true });
  });

  it('stand in a plan that is valid', () => {
    const { agents } = parsePlan(agentsPlan);
    expect(Object.values(agents).map(({ adapter }) => adapter)).toEqual(['claude', 'codex', 'claude']);
  });

  it('ship: the script of 20 lines lists the functions', async () => {
    expect(script.trimEnd().split('\n').length).toBeLessThanOrEqual(20);
    const spawn = { project: 'shop', profile: 'lister', task: 'list' };
    const { run } = await gateway.owner.agent.spawn.mutate(spawn);
    const ended = await endOf(gateway, 'shop', run);
    expect(ended.outcome, await outputOf(gateway, 'shop', run)).toBe('shipped');
    const [task] = await gateway.owner.task.list.query({ project: 'shop' });
    expect(task?.state).toMatch(/gated|done/);
  });
});
