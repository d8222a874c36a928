import { describe, expect, it } from 'vitest';
import { claude } from '../../../src/runner/adapters/claude.ts';
import { codex } from '../../../src/runner/adapters/codex.ts';
import { runFolderOf } from '../../../src/runner/prepare/run-folder.ts';
import type { RunOrder } from '../../../src/runner/protocol.ts';
import { machineLimitsDefault } from '../../../src/sandbox/machine-limits.ts';

const settings = {
  program: '/bin/sh',
  env: {},
  pass: [],
  network: [],
  idleMs: 1000,
  autoTerminate: true,
  usage: 'printed' as const,
  refusesFolders: false,
  flatTurns: 3,
  budget: { usdMicro: 1_500_000, beforeProgress: 0.3 },
};
const order: RunOrder = {
  ...{ id: 'run_1', project: 'shop', agent: 'agent:one', profile: 'one', tier: 'implementer', role: 'R' },
  ...{
    adapter: 'claude',
    model: 'sonnet',
    task: null,
    change: null,
    judges: undefined,
    mission: null,
    maxMs: 1,
    leaseMs: 1,
  },
  ...{ attempt: 1, token: 'the-token', expires: 1, settings, progress: { kind: 'tree' } },
  limits: machineLimitsDefault,
};
const place = runFolderOf('/runs', 'run_1');
const start = { order, place, task: undefined, url: 'http://127.0.0.1:9', prompt: 'do it', path: '/bin' };

describe('how Claude Code is started', () => {
  const { args, input, files, env } = claude.prepare(start);
  const wordAfter = (option: string) => args[args.indexOf(option) + 1];

  it('takes its settings and MCP servers from nobody but us, and asks the gateway', () => {
    expect(args).toContain('--strict-mcp-config');
    expect(wordAfter('--setting-sources')).toBe('');
    expect(wordAfter('--permission-prompt-tool')).toBe('mcp__andon__permission_prompt');
    expect(wordAfter('--allowedTools')).toBe('mcp__andon');
    expect(args.join(' ')).not.toMatch(/dangerously|bypass|acceptEdits/);
    expect(env.CLAUDE_CONFIG_DIR).toBe('/runs/run_1/home/.claude');
  });

  it('has no tool that waits for a person or a later time', () => {
    expect(wordAfter('--tools')).not.toMatch(/Cron|AskUser|Wakeup|Worktree|Workflow|Monitor/);
  });

  it('finds its prompt on its input, and its token neither in arguments nor in files', () => {
    expect(input).toBe('do it');
    expect(JSON.stringify([args, files])).not.toContain('the-token');
  });

  it('asks before it reads where whole folders are refused, and says so to the gateway, never the model', () => {
    expect(JSON.stringify(files)).not.toContain('X-Andon-Folders');
    const refusing = { ...order, settings: { ...settings, refusesFolders: true } };
    const prepared = claude.prepare({ ...start, order: refusing });
    expect(prepared.files['claude-settings.json']).toContain('"permissions":{"ask":["Bash","Grep","Read"]}');
    expect(prepared.files['claude-mcp.json']).toContain('"X-Andon-Folders":"refused"');
  });

  it('is told its limit of USD', () => {
    expect(wordAfter('--max-budget-usd')).toBe('1.5');
  });
});

describe('what Claude Code prints', () => {
  const usage = (input: number, output: number) => ({ input_tokens: input, output_tokens: output });
  const said = (...lines: object[]) => {
    const read = claude.reader();
    return lines.map((line) => read(JSON.stringify(line)));
  };
  const call = (name: string) => ({ type: 'tool_use', name, input: {} });
  const answer = (id: string, ...content: object[]) => ({
    type: 'assistant',
    message: { id, usage: usage(100, 1), content },
  });

  it('counts the output of an answer when it ends, and each answer once', () => {
    const reports = said(
      { type: 'stream_event', event: { type: 'message_start', message: { id: 'm1', usage: usage(100, 1) } } },
      answer('m1', call('a')),
      { type: 'stream_event', event: { type: 'message_delta', usage: { output_tokens: 40 } } },
      answer('m1', call('b')),
      answer('m2'),
    );
    expect(reports.at(-1)?.usage?.tokens).toBe(140 + 101);
  });

  it('takes the parts of one answer as one turn', () => {
    const reports = said(answer('m1', call('a')), answer('m1', call('b')), answer('m2', call('c')));
    expect(reports.map(({ turn }) => turn?.calls.length)).toEqual([undefined, undefined, 2]);
  });

  it('believes the sums of the program where they are more, those of subagents included', () => {
    const models = { one: { inputTokens: 500, outputTokens: 50 }, two: { inputTokens: 5, outputTokens: 1 } };
    const [report] = said({ type: 'result', total_cost_usd: 0.25, modelUsage: models });
    expect(report?.usage).toEqual({ tokens: 556, usdMicro: 250_000, turns: 0 });
  });

  it('says nothing of what it does not understand', () => {
    const read = claude.reader();
    for (const line of ['', 'x', '{', '[]', 'null', '{"type":"assistant"}', '{"type":"stream_event"}'])
      expect(read(line).turn).toBeUndefined();
  });
});

describe('how Codex is started', () => {
  const { args, input, files } = codex.prepare({ ...start, order: { ...order, adapter: 'codex' } });

  it('must have the gateway’s tools, takes no rules of the repository, and no model of another maker', () => {
    expect(files['home/.codex/config.toml']).toMatch(/required = true/);
    expect(args).toContain('--ignore-rules');
    expect(args).not.toContain('--model');
    expect(input).toBe('do it');
    expect(JSON.stringify([args, files])).not.toContain('the-token');
  });
});
