import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findProgram } from '../../sandbox/programs.ts';
import type { RunFolder } from '../prepare/run-folder.ts';
import type { RunOrder } from '../protocol.ts';
import type { Adapter } from './adapter.ts';
import { ClaudeReader, isStreamed } from './claude-usage.ts';

/**
 * Claude Code without a person: every tool that is not plainly harmless is asked for at the gateway (the permission
 * prompt tool, which fails closed; hooks fail open and are not used as a guard), MCP servers are exactly ours, and
 * no settings of the repository, which may be hostile, are read.
 */
export const claude: Adapter = {
  prepare: ({ order, place, url, prompt, path }) => {
    const found = order.settings.program ?? findProgram('claude', path) ?? 'claude';
    const settings = join(place.folder, 'claude-settings.json');
    const mcp = join(place.folder, 'claude-mcp.json');
    return {
      program: found,
      args: [
        '-p',
        '--output-format',
        'stream-json',
        '--verbose',
        '--include-partial-messages',
        '--model',
        order.model ?? 'sonnet',
        '--permission-mode',
        'default',
        '--permission-prompt-tool',
        'mcp__andon__permission_prompt',
        '--tools',
        tools.join(','),
        '--allowedTools',
        'mcp__andon',
        '--setting-sources',
        '',
        '--settings',
        settings,
        '--strict-mcp-config',
        '--mcp-config',
        mcp,
        ...budgetOf(order),
      ],
      input: prompt,
      env: {
        CLAUDE_CONFIG_DIR: join(place.home, '.claude'),
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_TELEMETRY: '1',
        DISABLE_AUTOUPDATER: '1',
        DISABLE_ERROR_REPORTING: '1',
        ...(order.settings.usage === 'otel' ? { CLAUDE_CODE_ENABLE_TELEMETRY: '1' } : {}),
      },
      files: {
        'claude-settings.json': JSON.stringify({ cleanupPeriodDays: 1, includeCoAuthoredBy: false }),
        // The header is filled in by the program from its environment: no token lies in this file.
        'claude-mcp.json': JSON.stringify({
          mcpServers: {
            andon: {
              type: 'http',
              url: `${url}/mcp`,
              headers: headersOf(place, url, order.settings.network),
            },
          },
        }),
      },
      visible: installedAt(found),
    };
  },
  reader: () => {
    const reader = new ClaudeReader();
    return (line) => reader.read(line);
  },
  isNoise: isStreamed,
};

/**
 * The program's own tools that a run has. Others would wait for a person or for a time to come, or leave the clone; new
 * ones have to be looked at first.
 */
const tools =
  'Agent Bash BashOutput Edit Glob Grep KillShell LS MultiEdit NotebookEdit Read Skill Task TaskCreate TaskGet TaskList TaskOutput TaskStop TaskUpdate TodoWrite ToolSearch WebFetch WebSearch Write'.split(
    ' ',
  );

/** Its USD are known to the runner at the end alone, so the program keeps to that limit itself. */
const budgetOf = ({ settings: { budget } }: RunOrder): string[] =>
  budget.usdMicro === undefined ? [] : ['--max-budget-usd', String(budget.usdMicro / 1_000_000)];

/** The token, and for the permission prompt where the agent works, as it sees that. */
const headersOf = ({ tree, folder }: RunFolder, url: string, network: 'open' | readonly string[]) => ({
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the program's own syntax
  Authorization: 'Bearer ${ANDON_TOKEN}',
  'X-Andon-Clone': tree,
  'X-Andon-Run': folder,
  'X-Andon-Host': new URL(url).host,
  ...(network.length === 0 ? {} : { 'X-Andon-Network': 'open' }),
});

/** Where a program is installed: the folder of the file that it stands for, and of its package. */
export function installedAt(program: string): string[] {
  try {
    const file = realpathSync(program);
    const at = file.lastIndexOf('/node_modules/');
    return [dirname(program), at < 0 ? dirname(file) : file.slice(0, at + '/node_modules'.length)];
  } catch {
    return [];
  }
}
