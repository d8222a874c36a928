import { join } from 'node:path';
import { findProgram } from '../../sandbox/programs.ts';
import { type Adapter, countOf, jsonLine, objectOf } from './adapter.ts';
import { installedAt } from './claude.ts';
import { codexContext } from './codex-context.ts';
import { CodexJournal } from './codex-journal.ts';
import { nativeCodex } from './native.ts';

/**
 * Codex without a person: a separate settings folder, one MCP server, which must be there, and Codex's
 * sandbox off: the run is contained already, and that sandbox makes `.git` read-only.
 */
export const codex: Adapter = {
  prepare: ({ order, place, url, prompt, path }) => {
    const found = nativeCodex(order.settings.program ?? findProgram('codex', path) ?? 'codex');
    return {
      program: found,
      args: [
        'exec',
        '--json',
        '--skip-git-repo-check',
        '--dangerously-bypass-approvals-and-sandbox',
        ...(order.model === null || /^(opus|sonnet|haiku)$/.test(order.model)
          ? []
          : ['--model', order.model]),
        '-o',
        join(place.out, 'last-message.txt'),
        '--ignore-rules',
        '-',
      ],
      input: prompt,
      env: { CODEX_HOME: join(place.home, '.codex') },
      files: { 'home/.codex/config.toml': settingsOf(url, order.settings.env) },
      visible: installedAt(found),
    };
  },
  journal: ({ home }) => {
    const journal = new CodexJournal(home, ['.codex', 'sessions']);
    return () => journal.read();
  },
  reader: () => {
    let tokens = 0;
    let calls: string[] = [];
    return (line) => {
      const said = jsonLine(line);
      if (said === undefined) return {};
      const item = objectOf(said, 'item');
      if (said.type === 'item.completed' && item !== undefined) {
        const call = callOf(item);
        const context = codexContext(item);
        if (call === undefined) return { context };
        calls = [call];
        return { turn: { calls }, context };
      }
      if (said.type !== 'turn.completed') return {};
      const usage = objectOf(said, 'usage');
      tokens += countOf(usage, 'input_tokens') + countOf(usage, 'output_tokens');
      return { usage: { tokens, usdMicro: 0, turns: 0 } };
    };
  },
};

/** A tool call as text that is equal for equal calls; undefined for words. */
function callOf(item: Record<string, unknown>): string | undefined {
  if (item.type === 'command_execution') return JSON.stringify(['command', item.command]).slice(0, 2000);
  if (item.type === 'mcp_tool_call')
    return JSON.stringify([item.server, item.tool, item.arguments]).slice(0, 2000);
  return item.type === 'file_change' ? JSON.stringify(['files', item.changes]).slice(0, 2000) : undefined;
}

/** Settings of Codex. A provider at another address is named in the profile's `env` by OPENAI_BASE_URL. */
function settingsOf(url: string, env: Readonly<Record<string, string>>): string {
  const base = env.OPENAI_BASE_URL;
  const provider =
    base === undefined
      ? []
      : [
          'model_provider = "named"',
          '[model_providers.named]',
          'name = "named"',
          `base_url = ${JSON.stringify(base)}`,
          'env_key = "OPENAI_API_KEY"',
          'wire_api = "responses"',
        ];
  return [
    ...provider,
    '[features]',
    'plugins = false',
    '[mcp_servers.andon]',
    `url = ${JSON.stringify(`${url}/mcp`)}`,
    'bearer_token_env_var = "ANDON_TOKEN"',
    'required = true',
    'default_tools_approval_mode = "approve"',
    '',
  ].join('\n');
}
