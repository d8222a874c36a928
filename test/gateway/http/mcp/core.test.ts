import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Tier } from '../../../../src/tiers/actions.ts';
import { type Line, openLine } from '../../../support/line.ts';
import { connectMcp, type McpHand } from '../../../support/mcp.ts';
import { planHead } from '../../../support/plan-head.ts';
import { tokensOf } from '../../../support/tokens.ts';

const plan = `
${planHead()}
tasks:
  cart: { title: Cart, phase: build, write: ["src/cart/**"] }
`;
const toolsMax = 14;
const tokensMax = 3500;

interface Schema {
  readonly [keyword: string]: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** Every member of a schema, at any depth, with its path. */
function membersOf(schema: unknown, path = ''): [string, Schema][] {
  if (Array.isArray(schema)) return schema.flatMap((one) => membersOf(one, path));
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties = {}, ...keywords } = schema as Schema;
  return [
    ...Object.entries(properties).flatMap(([name, one]): [string, Schema][] => [
      [`${path}.${name}`, one],
      ...membersOf(one, `${path}.${name}`),
    ]),
    ...Object.entries(keywords).flatMap(([, one]) => membersOf(one, path)),
  ];
}

describe('the list of tools that a model reads', () => {
  let line: Line;
  const open: McpHand[] = [];
  beforeAll(async () => {
    line = await openLine('pglite', { plan });
  });
  afterAll(async () => {
    for (const hand of open) await hand.close();
    await line.close();
  });

  const tokenOf = async (tier: Tier): Promise<string> =>
    tier === 'human' ? line.ownerToken() : (await line.mint(`agent:${tier}-core`, { tier })).token;
  async function listed(tier: Tier, query = '') {
    const hand = await connectMcp(line.url, await tokenOf(tier), {}, query);
    open.push(hand);
    return hand.client.listTools();
  }
  const tiers = ['human', 'executive', 'implementer', 'validator'] as const;

  it.each(tiers)('is short for a %s, unless all tools are asked for', async (tier) => {
    const core = await listed(tier);
    expect(core.tools.length).toBeLessThanOrEqual(toolsMax);
    const names = core.tools.map(({ name }) => name);
    expect(names).toContain('briefing');
    expect(names).toContain('permission_prompt');
    expect(tokensOf(JSON.stringify(core))).toBeLessThanOrEqual(tokensMax);
    const all = await listed(tier, '?tools=all');
    expect(all.tools.length).toBeGreaterThan(2 * toolsMax);
    for (const tool of core.tools) expect(all.tools).toContainEqual(tool);
  });

  it.each(tiers)('has for a %s every tool of its core', async (tier) => {
    const { coreTools } = await import('../../../../src/gateway/http/mcp/core-tools.ts');
    const { tools } = await listed(tier);
    expect(tools.map(({ name }) => name).sort()).toEqual([...coreTools[tier], 'permission_prompt'].sort());
  });

  it('says of every member of every input what it is, and shows no regular expression', async () => {
    const { tools } = await listed('human', '?tools=all');
    const members = tools.flatMap(({ name, inputSchema }) => membersOf(inputSchema, name));
    expect(members.length).toBeGreaterThan(200);
    expect(members.filter(([, { description }]) => (description ?? '') === '').map(([path]) => path)).toEqual(
      [],
    );
    expect(JSON.stringify(tools)).not.toContain('"pattern":');
  });

  it('refuses another choice than core or all', async () => {
    await expect(listed('validator', '?tools=some')).rejects.toThrow(/core or all/);
  });
});
