import { realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findProgram } from '../../sandbox/programs.ts';
import type { RunFolder } from '../prepare/run-folder.ts';
import type { RunOrder, RunSettings } from '../protocol.ts';
import type { Adapter } from './adapter.ts';
import { ClaudeReader, isStreamed } from './claude-usage.ts';

/**
 * Claude Code without a person: the gateway is asked about every tool that is not plainly harmless (by the
 * permission prompt tool, which fails closed; hooks fail open and are not used as a guard), the MCP servers
 * are exactly the gateway's, and the settings of the repository, which may be hostile, are not read.
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
        'claude-settings.json': JSON.stringify({
          ...{ cleanupPeriodDays: 1, includeCoAuthoredBy: false },
          // Reading is harmless to the program: it asks about it only where it is told to.
          ...(order.settings.refusesFolders && { permissions: { ask: ['Bash', 'Grep', 'Read'] } }),
        }),
        // The program fills in the header from its environment: this file holds no token.
        'claude-mcp.json': JSON.stringify({
          mcpServers: {
            andon: {
              type: 'http',
              url: `${url}/mcp`,
              headers: headersOf(place, url, order.settings),
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
 * The program's own tools that a run has. The others would wait for a person or for a later time, or leave
 * the clone; a new tool has to be reviewed first.
 */
const tools =
  'Agent Bash BashOutput Edit Glob Grep KillShell LS MultiEdit NotebookEdit Read Skill Task TaskCreate TaskGet TaskList TaskOutput TaskStop TaskUpdate TodoWrite ToolSearch WebFetch WebSearch Write'.split(
    ' ',
  );

/** The runner learns the USD of the program at the end alone, so the program itself keeps to that limit. */
const budgetOf = ({ settings: { budget } }: RunOrder): string[] =>
  budget.usdMicro === undefined ? [] : ['--max-budget-usd', String(budget.usdMicro / 1_000_000)];

/** The token, and, for the permission prompt, the agent's folder under the path that the agent sees. */
const headersOf = ({ tree, folder }: RunFolder, url: string, { network, refusesFolders }: RunSettings) => ({
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the program's own syntax
  Authorization: 'Bearer ${ANDON_TOKEN}',
  'X-Andon-Clone': tree,
  'X-Andon-Run': folder,
  'X-Andon-Host': new URL(url).host,
  ...(network.length === 0 ? {} : { 'X-Andon-Network': 'open' }),
  ...(refusesFolders ? { 'X-Andon-Folders': 'refused' } : {}),
});

/**
 * The folders of a program's installation: the one of the file that its name resolves to, and the one of its
 * package.
 */
export function installedAt(program: string): string[] {
  try {
    const file = realpathSync(program);
    const at = file.lastIndexOf('/node_modules/');
    return [dirname(program), at < 0 ? dirname(file) : file.slice(0, at + '/node_modules'.length)];
  } catch {
    return [];
  }
}
