import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from '../../../../src/cli/program.ts';
import type { World } from '../../../../src/cli/world.ts';
import { type Reach, toolWords, withToolWords } from '../../../../src/gateway/http/mcp/next-words.ts';
import { codes } from '../../../../src/lib/codes/index.ts';
import type { Tier } from '../../../../src/tiers/actions.ts';
import { type Line, openLine } from '../../../support/line.ts';
import { connectMcp, textOf } from '../../../support/mcp.ts';
import { planHead } from '../../../support/plan-head.ts';

const reach: Reach = {
  granted: new Set(['task_ask', 'gate_pass', 'message_list', 'briefing', 'token_explain', 'task_claim']),
  listed: new Set(['task_ask', 'message_list', 'briefing', 'task_claim']),
};
const nothing: Reach = { granted: new Set(), listed: new Set() };
// The tree of commands is read, none of them runs.
const world = { args: [] } as unknown as World;
const commands = createProgram(world, '1').commands.map((one) => one.name());
const anyCommand = new RegExp(`\\bandon (?:${commands.join('|')})\\b`);

describe('the next steps of a client that has only tools', () => {
  it.each([
    ['leave it out, or ask for it: andon task ask', 'leave it out, or ask for it: the tool task_ask'],
    [
      'andon gate pass chg_01234567 review',
      'the tool gate_pass (one of those at /mcp?tools=all) chg_01234567 review',
    ],
    ['andon inbox --all', 'the tool message_list'],
    ['ask: andon token explain', 'ask: the tool briefing'],
    ['wait, or claim another task: andon task next', 'wait, or claim another task: the tool task_claim'],
    [
      'tell a human: andon cord clear <stop> --root-cause file.yaml',
      'tell a human: a person’s command “cord clear” <stop> --root-cause file.yaml',
    ],
    [
      'start the database; andon doctor names the fault',
      'start the database; a person’s command “doctor” names the fault',
    ],
    ['when no andon works on it', 'when no andon works on it'],
  ])('say %j as %j', (given, told) => expect(toolWords(given, reach)).toBe(told));

  it('name no command of the program, whatever code a call is refused with', () => {
    for (const [code, { rule, next }] of Object.entries(codes))
      for (const one of [reach, nothing])
        expect(toolWords(`${rule}; ${next}`, one), code).not.toMatch(anyCommand);
  });

  it('leave the words of others as they are', () => {
    const told = {
      code: 'x',
      next: 'andon task ask',
      title: 'say andon task ask',
      data: { from: 'agent:x' },
    };
    expect(withToolWords([told], reach)).toEqual([{ ...told, next: 'the tool task_ask' }]);
    const message = { recipient: 'agent:x', body: 'andon task ask' };
    expect(withToolWords(message, reach)).toEqual({ recipient: 'agent:x', body: 'the tool task_ask' });
    const written = { ...message, data: { from: 'human:ada' } };
    expect(withToolWords(written, reach)).toEqual(written);
  });
});

describe('the first words to a model', () => {
  let line: Line;
  beforeAll(async () => {
    line = await openLine('pglite', {
      plan: `
${planHead()}
gates:
  review: { by: validator }
tasks:
  cart: { title: Cart, phase: build, write: ["src/cart/**"], gates: [review] }
`,
    });
  });
  afterAll(() => line.close());

  async function wordsTo(agent: string, tier: Tier): Promise<string> {
    const hand = await connectMcp(line.url, (await line.mint(agent, { tier })).token);
    const told = [hand.client.getInstructions() ?? '', textOf(await hand.call('briefing'))].join('\n');
    const read = JSON.stringify(await hand.client.readResource({ uri: 'andon://briefing' }));
    for (const one of told.split('\n').slice(1)) expect(read).toContain(JSON.stringify(one).slice(1, -1));
    await hand.close();
    expect(told).not.toMatch(anyCommand);
    return told;
  }

  it('tell an implementer to claim, a validator what to judge and never to claim, an executive to lead', async () => {
    expect(await wordsTo('agent:free', 'implementer')).toContain('Next: the tool task_claim');
    expect(await wordsTo('agent:idle', 'validator')).toContain('No change waits for a verdict');
    const builder = await line.mint('agent:made-it');
    const { change } = await line.offer(builder, 'cart', { 'src/cart/a.ts': 'export const a = 1;\n' });
    const judge = await wordsTo('agent:judges', 'validator');
    expect(judge).toContain(change);
    expect(judge).toContain('the tool verdict_approve');
    expect(judge).not.toContain('task_claim');
    expect(await wordsTo('agent:leads', 'executive')).toContain('the tool task_waiting');
  });

  it('name tools when a call is refused', async () => {
    const builder = await line.mint('agent:asks-too-much');
    const hand = await connectMcp(line.url, builder.token);
    const refusal = await hand.call('task_show', { task: 'nothing' });
    expect(textOf(refusal)).toContain('next: the tool task_list');
    await hand.close();
  });
});
