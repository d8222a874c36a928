import { describe, expect, it } from 'vitest';
import { ClaudeReader } from '../../../src/runner/adapters/claude-usage.ts';
import { codex } from '../../../src/runner/adapters/codex.ts';
import type { ContextReport } from '../../../src/runner/context/context-report.ts';
import { ContextManifest } from '../../../src/runner/context/manifest.ts';
import type { AgentReport } from '../../../src/runner/supervise/watch.ts';

const root = '/run/clone';

/** The context of a run whose program printed these lines. */
function contextOf(read: (line: string) => AgentReport, lines: readonly object[]): ContextReport | undefined {
  const manifest = new ContextManifest();
  manifest.begun(root, 'Mend the price. See priceTable_2030.');
  for (const line of lines) for (const seen of read(JSON.stringify(line)).context ?? []) manifest.saw(seen);
  return manifest.report();
}

const partsOf = (report: ContextReport | undefined) =>
  Object.fromEntries((report?.parts ?? []).map(({ kind, source, ...part }) => [`${kind} ${source}`, part]));

const claudeOf = (lines: readonly object[]) => {
  const reader = new ClaudeReader();
  return contextOf((line) => reader.read(line), lines);
};

let next = 0;
/** An answer of Claude Code with words and one call, and the result of that call. */
function call(
  name: string,
  input: object,
  text: string,
  { words = '', tokens = 0, parent = null as string | null } = {},
) {
  next += 1;
  const [id, tool] = [`msg_${next}`, `toolu_${next}`];
  const message = { id, usage: { input_tokens: tokens, cache_read_input_tokens: 0, output_tokens: 9 } };
  const said = { type: 'text', text: words };
  const used = { type: 'tool_use', id: tool, name, input };
  const lines = (words === '' ? [used] : [said, used]).map((block) => ({
    type: 'assistant',
    message: { ...message, content: [block] },
    parent_tool_use_id: parent,
  }));
  const result = { type: 'tool_result', tool_use_id: tool, content: [{ type: 'text', text }] };
  return [...lines, { type: 'user', message: { content: [result] }, parent_tool_use_id: parent }];
}

describe('the context of a run of Claude Code', () => {
  const report = claudeOf([
    ...call('Read', { file_path: `${root}/src/price.ts` }, 'export const grossPrice = 1;', {
      words: 'The price is made here.\nI read it.',
      tokens: 1_000,
    }),
    ...call('Read', { file_path: `${root}/src/tax.ts` }, 'export const taxRate_de = 19;', { tokens: 3_000 }),
    ...call('Read', { file_path: `${root}/docs/guide.md` }, 'sharedWord_1 stands here', { tokens: 2_500 }),
    ...call('Read', { file_path: `${root}/docs/other.md` }, 'sharedWord_1 stands here as well'),
    ...call('Grep', { pattern: 'price', path: 'src' }, 'src/price.ts:1: export'),
    ...call('mcp__andon__task_show', { task: 'cart' }, 'the task'),
    ...call('Bash', { command: 'node --test' }, 'ok 1 checkTotals_all'),
    ...call(
      'Edit',
      { file_path: `${root}/src/price.ts`, new_string: 'taxRate_de * 2 + sharedWord_1' },
      'done',
    ),
    ...call('Read', { file_path: '/elsewhere/notes.txt' }, 'nothing of note', {
      parent: 'toolu_x',
      tokens: 90_000,
    }),
    { type: 'assistant', message: { id: 'end', content: [{ type: 'text', text: 'As guide.md says.' }] } },
  ]);
  const parts = partsOf(report);

  it('tells of each part its size, the words before it, and how often it was loaded', () => {
    expect(parts['file src/price.ts']).toEqual({
      why: 'The price is made here. I read it.',
      loads: 2,
      characters: 'export const grossPrice = 1;'.length + 'done'.length,
      used: 'edited',
    });
    expect(parts['search price in src']).toMatchObject({ characters: 22, used: null });
    expect(parts['andon task_show']).toMatchObject({ characters: 8 });
    expect(parts['file /elsewhere/notes.txt']?.why).toBe('');
    expect(parts['prompt prompt']?.characters).toBe(36);
  });

  it('tells a use only by a sign: an edit, a name, an identifier that no other part has', () => {
    expect(parts['file src/tax.ts']?.used).toBe('reused');
    expect(parts['file docs/guide.md']?.used).toBe('cited');
    // The word stands in two parts: it is no sign of either.
    expect(parts['file docs/other.md']?.used).toBeNull();
    expect(parts['command node --test']?.used).toBeNull();
    const used = Object.values(parts).filter((part) => part.used !== null);
    expect(report?.usedCharacters).toBe(used.reduce((sum, { characters }) => sum + characters, 0));
    expect(report?.loadedCharacters).toBeGreaterThan(report?.usedCharacters ?? 0);
  });

  it('tells the tokens that the program itself reported, of the agent and not of its subagents', () => {
    expect([report?.firstTokens, report?.mostTokens, report?.lastTokens]).toEqual([1_000, 3_000, 2_500]);
  });

  it('takes a name that the model wrote first for no sign', () => {
    const { 'file a.ts': part } = partsOf(
      claudeOf([
        ...call('Bash', { command: 'grep -n myOwn_name1 .' }, ''),
        ...call('Read', { file_path: `${root}/a.ts` }, 'const myOwn_name1 = 1;'),
        ...call('Bash', { command: 'echo myOwn_name1' }, ''),
      ]),
    );
    expect(part?.used).toBeNull();
  });

  it('stays whole with hostile names, and within its bounds with very many', () => {
    const evil = `${root}/x\u0000\n\u202e\ud800${'y'.repeat(900)}`;
    const lines = Array.from({ length: 400 }, (_one, n) =>
      call('Read', { file_path: `${root}/f${n}.ts` }, 'x'.repeat(n)),
    ).flat();
    const many = claudeOf([...call('Read', { file_path: evil }, 'z'.repeat(5_000)), ...lines]);
    expect(many?.parts).toHaveLength(100);
    expect(many?.more).toBe(302);
    expect(many?.parts[0]?.source).toMatch(/^x y{290,300}$/);
    expect(
      claudeOf([
        { type: 'user', message: { content: 'x' } },
        { type: 'assistant', message: {} },
        { type: 7 },
      ]),
    ).toBeUndefined();
  });
});

describe('the context of a run of Codex', () => {
  it('tells the commands, answers and changed files, and no reason for them', () => {
    const read = codex.reader();
    const item = (more: object) => ({ type: 'item.completed', item: more });
    const report = contextOf(read, [
      item({
        type: 'command_execution',
        command: 'cat src/tax.ts',
        aggregated_output: 'export const taxRate_de = 19;',
      }),
      item({
        type: 'mcp_tool_call',
        server: 'andon',
        tool: 'briefing',
        result: { content: [{ type: 'text', text: 'You are' }] },
      }),
      item({ type: 'file_change', changes: [{ path: `${root}/src/price.ts`, kind: 'update' }] }),
      item({ type: 'agent_message', text: 'It uses taxRate_de now.' }),
    ]);
    const parts = partsOf(report);
    expect(parts['command cat src/tax.ts']).toEqual({ why: '', loads: 1, characters: 29, used: 'reused' });
    expect(parts['andon briefing']).toMatchObject({ characters: 7, used: null });
    expect(report?.firstTokens).toBeNull();
  });
});

describe('the context of a program that shows nothing', () => {
  it('is not known', () => {
    expect(contextOf(() => ({}), [{ type: 'x' }])).toBeUndefined();
  });
});
