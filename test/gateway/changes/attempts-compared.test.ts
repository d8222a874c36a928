import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statement } from '../../../src/store/store.ts';
import { mustGit } from '../../support/gateway.ts';
import { codesOf, type Hand, type Line, type Offered, openLine } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';

const project = 'shop';
const plan = `
${planHead()}
limits: { implementer: { complexity: 8, functionLines: 60 } }
tasks:
  cart:  { title: Cart, phase: build, write: ["src/cart/**"] }
  hooks: { title: Hooks, phase: build, write: ["src/hooks/**"] }
`;
const branchy = (n: number): string =>
  `export function pick(a: number): number {\n${Array.from({ length: n }, (_, i) => `  if (a === ${i}) return ${i};\n`).join('')}  return a;\n}\n`;

describe('a change beside its rules, and beside another attempt', () => {
  let line: Line;
  let builder: Hand;
  let reviewer: Hand;
  let first: Offered;
  let second: Offered;
  beforeAll(async () => {
    line = await openLine('pglite', { plan });
    builder = await line.mint('agent:builder');
    reviewer = await line.mint('agent:judge', { tier: 'validator' });
    first = await line.offer(builder, 'cart', {
      'src/cart/a.ts': branchy(3),
      'src/cart/b.ts': 'export const b = 1;\n',
    });
    await line.until(first.change, 'judging');
    await reviewer.client.verdict.reject.mutate({ project, change: first.change, reasons: ['a is unclear'] });
    // Somebody else lands in the meantime: none of it belongs to the difference of the two attempts.
    const other = await line.offer(await line.mint('agent:other'), 'hooks', {
      'src/hooks/h.ts': 'export const h = 1;\n',
    });
    await line.owner.verdict.approve.mutate({
      ...{ project, change: other.change, tree: other.tree, ownWork: true },
    });
    await line.until(other.change, 'landed');
    second = await line.offer(builder, 'cart', {
      'src/cart/a.ts': branchy(5),
      'src/cart/b.ts': 'export const b = 1;\n',
    });
    await line.until(second.change, 'judging');
  });
  afterAll(() => line.close());

  it('shows the rules with the function that comes nearest to each limit', async () => {
    const { rows, unmeasured } = await reviewer.client.change.checks.query({
      project,
      change: second.change,
    });
    expect(rows).toEqual([
      { policy: 'scope.write', passed: true, found: '2 paths', limit: 'src/cart/**', subject: '' },
      { policy: 'scope.protected', passed: true, found: 'none', limit: 'none', subject: '' },
      { policy: 'scope.delete', passed: true, found: 'none', limit: 'none', subject: '' },
      { policy: 'complexity', passed: true, found: 6, limit: 8, subject: 'src/cart/a.ts:1 pick' },
      { policy: 'function.length', passed: true, found: 8, limit: 60, subject: 'src/cart/a.ts:1 pick' },
    ]);
    expect(unmeasured).toEqual([]);
  });

  it('judges by the plan of today: a limit that was lowered since is broken by name', async () => {
    const text = plan.replace('complexity: 8', 'complexity: 5');
    await line.owner.plan.put.mutate({ project, text });
    const { rows } = await reviewer.client.change.checks.query({ project, change: second.change });
    expect(rows.find(({ policy }) => policy === 'complexity')).toEqual({
      ...{ policy: 'complexity', passed: false, found: 6, limit: 5, subject: 'src/cart/a.ts:1 pick' },
    });
    await line.owner.plan.put.mutate({ project, text: plan });
  });

  it('tells a protected file apart from one outside the scope', async () => {
    const text = `${plan}protect: ["src/cart/b.ts"]\n`;
    await line.owner.plan.put.mutate({ project, text });
    const { rows } = await reviewer.client.change.checks.query({ project, change: second.change });
    expect(rows.filter(({ passed }) => !passed)).toEqual([
      { policy: 'scope.protected', passed: false, found: '1 path', limit: 'none', subject: 'src/cart/b.ts' },
    ]);
    await line.owner.plan.put.mutate({ project, text: plan });
  });

  it('breaks the rule for deletions where the tier of the author may delete nothing', async () => {
    const { store } = line.app.gateway;
    const { gid, candidate, base } = await reviewer.client.change.show.query({
      project,
      change: second.change,
    });
    // A candidate that takes a file away: it is its own main turned round.
    const turned = statement(
      '',
      'update changes c set base = c.candidate, tree = $3 where id = $1 and gid = $2 returning id',
    );
    const before = await mustGit(line.app.gateway.git.folderOf(project), [
      'rev-parse',
      `${candidate}^1^{tree}`,
    ]);
    await store.rows(turned, [second.change, gid, before]);
    const { rows } = await reviewer.client.change.checks.query({ project, change: second.change });
    expect(rows.find(({ policy }) => policy === 'scope.delete')).toMatchObject({
      passed: false,
      found: '2 paths',
      limit: 'none',
    });
    const back = statement('', 'update changes set base = $2, tree = $3 where id = $1');
    await store.rows(back, [second.change, base, second.tree]);
  });

  it('names no file that the caller may not read', async () => {
    const narrow = await line.mint('agent:narrow', { tier: 'validator', r: ['docs/**'] });
    const { rows } = await narrow.client.change.checks.query({ project, change: second.change });
    expect(JSON.stringify(rows)).not.toContain('a.ts');
    expect(rows.map(({ policy }) => policy)).toContain('complexity');
  });

  it('shows what became of the commit since another attempt, and nothing that others landed', async () => {
    const input = { project, change: second.change, against: first.change };
    const { files, text } = await reviewer.client.change.diff.query(input);
    expect(files).toEqual([{ path: 'src/cart/a.ts', status: 'modified', plus: 2, minus: 0, binary: false }]);
    expect(text).toContain('+  if (a === 4) return 4;');
    expect(text).not.toContain('hooks');
  });

  it('binds no judgement to a tree of which only the difference from another attempt was seen', async () => {
    const fresh = await line.mint('agent:fresh', { tier: 'validator' });
    await fresh.client.change.diff.query({ project, change: second.change, against: first.change });
    const approval = fresh.client.verdict.approve.mutate({ project, change: second.change });
    expect(await codesOf(approval)).toEqual(['change.unseen']);
  });

  it('compares attempts at one task alone', async () => {
    const { rows } = await line.owner.change.page.query({ project, task: 'hooks' });
    const input = { project, change: second.change, against: rows[0]?.id ?? '' };
    expect(await codesOf(reviewer.client.change.diff.query(input))).toEqual(['change.other']);
  });

  it('shows more lines around each difference to whoever asks', async () => {
    const asked = { project, change: second.change, path: 'src/cart/a.ts', against: first.change };
    const lines = async (context: number) =>
      (await reviewer.client.change.diff.query({ ...asked, context })).text.split('\n').length;
    expect(await lines(50)).toBeGreaterThan(await lines(0));
  });
});
