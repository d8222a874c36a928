import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Hand, type Line, openLine } from '../../../support/line.ts';
import { connectMcp, type McpHand, textOf } from '../../../support/mcp.ts';
import { planHead } from '../../../support/plan-head.ts';
import { tokensOf } from '../../../support/tokens.ts';

const tasks = 60;
const lines = 3600;
const listTokensMax = 2000;
const diffTokensMax = 8000;
const project = 'shop';

const taskText = (n: number): string =>
  `  endpoint-${n}:
    title: Endpoint number ${n} of the shop service
    phase: build
    write: ["src/e${n}/**", "test/e${n}/**"]
    gates: [review]
`;
const plan = `
${planHead()}
gates:
  review: { by: validator }
tasks:
  large: { title: Large, phase: build, write: ["src/large/**"], gates: [review] }
${Array.from({ length: tasks - 1 }, (_, n) => taskText(n)).join('')}`;

const source = (from: number, to: number): string =>
  Array.from({ length: to - from }, (_, n) => `export const value${from + n} = ${from + n} + ${n};\n`).join(
    '',
  );

// biome-ignore lint/suspicious/noExplicitAny: every tool answers members of its own
type Answer = any;

describe('the answers of tools', () => {
  let line: Line;
  let builder: Hand;
  let reader: McpHand;
  let mcp: McpHand;
  let change: string;
  beforeAll(async () => {
    line = await openLine('pglite', { plan });
    builder = await line.mint('agent:builder');
    const offered = await line.offer(builder, 'large', {
      'src/large/all.ts': source(0, 3000),
      'src/large/middle.ts': source(3000, 3500),
      'src/large/sub/small.ts': source(3500, lines),
      'src/large/grüße.ts': 'export const hello = 1;\n',
    });
    change = offered.change;
    mcp = await connectMcp(line.url, builder.token);
    const judge = await line.mint('agent:judge', { tier: 'validator' });
    reader = await connectMcp(line.url, judge.token, {}, '?tools=all');
  });
  afterAll(async () => {
    await mcp.close();
    await reader.close();
    await line.close();
  });

  /** Calls a tool that must answer within bounds, as text and as data. */
  async function within(hand: McpHand, name: string, given: object, tokensMax: number): Promise<Answer> {
    const result = await hand.call(name, { ...given });
    expect(result.isError ?? false, textOf(result)).toBe(false);
    expect(tokensOf(textOf(result)), name).toBeLessThanOrEqual(tokensMax);
    expect(tokensOf(JSON.stringify(result.structuredContent ?? null)), name).toBeLessThanOrEqual(tokensMax);
    return result.structuredContent;
  }

  /** Reads a list to its end by doing what its answers say. */
  async function readThrough(hand: McpHand, name: string, member: string): Promise<Answer[]> {
    const rows: Answer[] = [];
    let given: Record<string, unknown> = {};
    for (let page = 0; page < 50; page++) {
      const answer = await within(hand, name, given, listTokensMax);
      rows.push(...answer[member]);
      const [, tool, key = '', value] =
        /^the next page: (\w+) with (\w+) (\d+)$/.exec(answer.next ?? '') ?? [];
      if (tool === undefined) return rows;
      expect(tool).toBe(name);
      given = { [key]: Number(value) };
    }
    throw new Error(`${name} has no end`);
  }

  it('list 60 tasks in short pages, all of them in the end', async () => {
    const first = await within(mcp, 'task_list', {}, listTokensMax);
    expect(first.shown).toMatch(/^1 to \d+ of 60$/);
    const rows = await readThrough(mcp, 'task_list', 'items');
    const known = await builder.client.task.list.query({ project });
    expect(rows.map(({ id }) => id)).toEqual(known.map(({ id }) => id));
    const few = await within(mcp, 'task_list', { limit: 2, offset: 5 }, 300);
    expect(few.items.map(({ id }: { id: string }) => id)).toEqual(known.slice(5, 7).map(({ id }) => id));
  });

  it('list the events in pages by position', async () => {
    const rows = await readThrough(reader, 'event_list', 'events');
    const { events } = await line.owner.event.list.query({ project, limit: 1000 });
    expect(rows.map(({ position }) => position)).toEqual(events.map(({ position }) => position));
  });

  it.each([
    ['task_waiting', 'items'],
    ['plan_show', 'tasks'],
  ])('page %s of 60 tasks', async (name, member) => {
    expect(await readThrough(mcp, name, member)).toHaveLength(tasks);
  });

  it('list short ids, and messages and reports with the beginning of long texts', async () => {
    const [row] = (await within(reader, 'change_list', {}, listTokensMax)).items;
    expect(row.id).toBe(`${change.slice(0, 4)}${change.slice(-8)}`);
    const body = Array.from({ length: 600 }, (_, n) => `line ${n} of it`).join('\n');
    await line.owner.message.send.mutate({ project, to: 'agent:builder', title: 'long', body });
    const { items } = await within(mcp, 'message_list', { limit: 1 }, listTokensMax);
    const [, from = ''] =
      /more characters: the tool message_list with text_from (\d+)\]$/.exec(items[0].body) ?? [];
    const next = await within(mcp, 'message_list', { limit: 1, text_from: Number(from) }, listTokensMax);
    expect(body).toContain(next.items[0].body.split(' … [')[0]);
    expect(next.items[0].body.startsWith(body.slice(Number(from), Number(from) + 50))).toBe(true);
  });

  it('show a patch of 3,600 lines in parts, with paths and sizes of the rest', async () => {
    const all = await within(reader, 'change_diff', { change }, diffTokensMax);
    expect(all.tree).toMatch(/^[0-9a-f]{40}$/);
    expect(all.text).toContain('+export const value3500');
    expect(all.text).toContain('+export const hello');
    expect(all.leftOut.join('\n')).toMatch(/^src\/large\/all\.ts \(added, 300\d lines of patch\)/);
    expect(all.next).toMatch(/^\d of 4 files are left out: change_diff with path/);
    const seen: string[] = [];
    let offset = 0;
    for (;;) {
      const part = await within(
        reader,
        'change_diff',
        { change, path: 'src/large/all.ts', offset },
        diffTokensMax,
      );
      seen.push(part.text);
      const [, next] = /with path src\/large\/all\.ts and offset (\d+)$/.exec(part.next ?? '') ?? [];
      if (next === undefined) break;
      expect(Number(next)).toBeGreaterThan(offset);
      offset = Number(next);
    }
    const added = seen
      .join('')
      .split('\n')
      .filter((one) => one.startsWith('+export'));
    expect(added).toEqual(
      source(0, 3000)
        .trimEnd()
        .split('\n')
        .map((one) => `+${one}`),
    );
    const below = await within(reader, 'change_diff', { change, path: 'src/large/sub' }, diffTokensMax);
    expect(below.text).toContain('src/large/sub/small.ts');
    expect(below.text).not.toContain('middle.ts');
    const none = await within(reader, 'change_diff', { change, path: 'src/none.ts' }, 200);
    expect(none.next).toContain('nothing in this change at src/none.ts');
  });

  it('bound every other query too', async () => {
    const { tools } = await reader.client.listTools();
    const given: Record<string, unknown> = { task: 'large', change, agent: 'agent:builder' };
    for (const { name, annotations, inputSchema } of tools) {
      const required = inputSchema.required ?? [];
      if (name === 'trigger_preview') continue;
      if (annotations?.readOnlyHint !== true || required.some((member) => given[member] === undefined))
        continue;
      const input = Object.fromEntries(required.map((member) => [member, given[member]]));
      await within(reader, name, input, name === 'change_diff' ? diffTokensMax : 4500);
    }
  });

  it('refuse members of the form that are no numbers, as any other member', async () => {
    for (const given of [{ offset: -1 }, { offset: 'x' }, { limit: 0 }, { other: 1 }])
      expect((await mcp.reasons('task_list', given)).map(({ code }) => code)).toEqual(['request.invalid']);
  });
});
