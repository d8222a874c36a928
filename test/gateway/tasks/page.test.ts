import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TaskPageAnswer } from '../../../src/gateway/tasks/page.ts';
import { type Engine, enginesOf } from '../../support/engines.ts';
import { codesOf, type Line, openLine } from '../../support/line.ts';

const project = 'shop';
const plan = `
version: 1
project: shop
done: landed
phases: [build, later]
tasks:
  a: { title: "Cart 100%", phase: build, write: ["a/**"], priority: low }
  b: { title: B, phase: build, write: ["b/**"], needs: [a] }
  c: { title: C, phase: later, write: ["c/**"], priority: high }
  d: { title: D_x, phase: build, write: ["a/d/**"], deadline: 2020-01-31T12:00:00Z }
  e: { title: E, phase: build, write: ["e/**"] }
`;

describe.each(enginesOf(import.meta.filename))('tasks by the page, on %s', (engine: Engine) => {
  let line: Line;
  beforeAll(async () => {
    line = await openLine(engine, { plan });
  });
  afterAll(() => line.close());

  type Asked = Omit<Parameters<Line['owner']['task']['page']['query']>[0], 'project'>;
  const page = (asked: Asked = {}) =>
    line.owner.task.page.query({ project, ...asked }) as unknown as Promise<TaskPageAnswer>;
  const ids = async (asked?: Asked) => (await page(asked)).rows.map(({ id }) => id);

  it('show what each waits for, and no scopes', async () => {
    const builder = await line.mint('agent:one');
    await builder.client.task.claim.mutate({ project, task: 'a' });
    await builder.client.task.ask.mutate({ project, task: 'e', question: 'EUR?' });
    const { rows, total, position, next } = await page();
    expect([rows.length, total, next]).toEqual([5, 5, undefined]);
    expect(position).toBeGreaterThan(0);
    const waits = Object.fromEntries(rows.map((row) => [row.id, row.waits]));
    expect(waits).toEqual({
      a: [],
      b: ['task.needs task/a'],
      c: ['phase.closed phase/later'],
      d: ['task.overlap task/a'],
      e: [expect.stringMatching(/^task\.question question\/qst_/)],
    });
    expect(Object.keys(rows[0] ?? {}).sort()).toEqual(
      [
        'id',
        'title',
        'phase',
        'kind',
        'state',
        'priority',
        'holder',
        'epoch',
        'stateAt',
        'leaseUntil',
        'waits',
      ].sort(),
    );
  });

  it('keep to the filter, whatever signs it holds', async () => {
    expect(await ids({ q: { states: ['in_progress'] } })).toEqual(['a']);
    expect(await ids({ q: { holder: 'agent:one' } })).toEqual(['a']);
    expect(await ids({ q: { phase: 'later' } })).toEqual(['c']);
    expect(await ids({ q: { text: '100%' } })).toEqual(['a']);
    expect(await ids({ q: { text: '%' } })).toEqual(['a']);
    expect(await ids({ q: { text: '_' } })).toEqual(['d']);
    expect(await ids({ q: { overdue: true } })).toEqual(['d']);
    expect(await ids({ q: { blocked: true } })).toEqual(['b', 'c', 'd', 'e']);
    expect(await ids({ q: { text: "'; drop table tasks; --" } })).toEqual([]);
  });

  it.each(['position', 'age', 'priority'] as const)(
    'follow one another by %s without a gap or a double',
    async (sort) => {
      const all = await ids({ sort });
      expect([...all].sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
      if (sort === 'priority') expect([all[0], all.at(-1)]).toEqual(['c', 'a']);
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const asked: Asked = { sort, limit: 2, ...(cursor !== undefined && { cursor }) };
        const got = await page(asked);
        expect(got.total).toBe(5);
        seen.push(...got.rows.map(({ id }) => id));
        cursor = got.next;
      } while (cursor !== undefined);
      expect(seen).toEqual(all);
    },
  );

  it('refuse a cursor that is none', async () => {
    const made = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    for (const cursor of [
      'x',
      made([1, 'a']),
      made(['1; drop', 'a']),
      made(['1']),
      made({}),
      made(['NaN', 'a']),
    ])
      expect(await codesOf(page({ cursor }))).toEqual(['request.invalid']);
    expect(await codesOf(page({ limit: 501 }))).toEqual(['request.invalid']);
  });
});
