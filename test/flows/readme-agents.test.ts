import { readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parsePlan } from '../../src/plan/parse.ts';
import { sourceRepository, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { containments, endOf, outputOf, startTestRunner, type TestRunner } from '../support/runner.ts';

const readme = readFileSync(resolve(import.meta.dirname, '../../README.md'), 'utf8');
const block = (info: string): string =>
  new RegExp(`^\`\`\`${info}\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(readme)?.[1] ?? '';
const [containment] = containments;

describe('the agents of the README', () => {
  let gateway: TestGateway;
  let runner: TestRunner;
  let source: string;
  beforeAll(async () => {
    gateway = await startTestGateway('pglite');
    source = await sourceRepository({
      'tools/list.sh': block('sh andon-script'),
      'src/cart.js': 'export function addItem() {}\n',
      'src/price.js': 'export function priceOf() {}\n',
    });
    await gateway.owner.project.create.mutate({ project: 'shop', source });
    await gateway.owner.plan.put.mutate({ project: 'shop', text: block('yaml andon-script-plan') });
    runner = await startTestRunner(gateway, 'shop', containment);
  });
  afterAll(async () => {
    await runner?.close();
    await gateway?.close();
    rmSync(source, { recursive: true, force: true });
  });

  it('stand in a plan that is valid', () => {
    const { agents } = parsePlan(block('yaml andon-agents'));
    expect(Object.values(agents).map(({ adapter }) => adapter)).toEqual(['claude', 'codex', 'claude']);
  });

  it('ship: the script of 20 lines lists the functions', async () => {
    expect(block('sh andon-script').trimEnd().split('\n').length).toBeLessThanOrEqual(20);
    const spawn = { project: 'shop', profile: 'lister', task: 'list' };
    const { run } = await gateway.owner.agent.spawn.mutate(spawn);
    const ended = await endOf(gateway, 'shop', run);
    expect(ended.outcome, await outputOf(gateway, 'shop', run)).toBe('shipped');
    const [task] = await gateway.owner.task.list.query({ project: 'shop' });
    expect(task?.state).toMatch(/gated|done/);
  });
});
