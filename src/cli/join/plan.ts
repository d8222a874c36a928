import { markdownMarks, withHook, withMarked, withServer, withSkill, withTable } from './merge.ts';
import { agentsText, type JoinedProject, skillText } from './texts.ts';

export const clientNames = ['claude', 'codex', 'generic'] as const;
/** Client that an agent may use. */
export type ClientName = (typeof clientNames)[number];

/** One file that a client reads: the text to add, and the way to add it. */
export interface JoinFile {
  readonly path: string;
  /** The added text, as it is printed. */
  readonly text: string;
  /**
   * The merged file, given its present text; empty when there is none. Errors: `cli.usage` where merging
   * would destroy text.
   */
  readonly merge: (before: string) => string;
}

/** The client to join with, and the place of its agent. */
export interface JoinFacts extends JoinedProject {
  readonly client: ClientName;
  /** Absolute path of the folder that the agent works in. */
  readonly folder: string;
  /** True to go through `andon mcp`, which renews the token, in place of HTTP. */
  readonly stdio: boolean;
}

/** The files for a client, none of which holds a token: clients take it from the environment. */
export async function joinFiles(facts: JoinFacts): Promise<JoinFile[]> {
  const agents = await agentsText(facts);
  const instructions = facts.client === 'claude' ? 'CLAUDE.md' : 'AGENTS.md';
  const files: JoinFile[] = [
    {
      path: instructions,
      text: agents,
      merge: (before) => withMarked(instructions, before, agents, markdownMarks),
    },
  ];
  if (facts.client === 'claude') files.unshift(claudeServers(facts), await skill(), claudeHook());
  if (facts.client === 'codex') files.unshift(codexServers(facts));
  return files;
}

function claudeServers({ url, folder, stdio }: JoinFacts): JoinFile {
  const http = {
    type: 'http',
    url: `${url}/mcp`,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Claude Code expands it from its environment
    headers: { Authorization: 'Bearer ${ANDON_TOKEN}', 'X-Andon-Clone': headerText(folder) },
  };
  const server = stdio ? { type: 'stdio', command: 'andon', args: ['mcp'] } : http;
  const path = '.mcp.json';
  return {
    path,
    text: JSON.stringify({ mcpServers: { andon: server } }, undefined, 2),
    merge: (before) => withServer(path, before, server),
  };
}

/** A session of Claude Code begins with the briefing, whether it is new, resumed, cleared or compacted. */
function claudeHook(): JoinFile {
  const path = '.claude/settings.local.json';
  const hook = { type: 'command', command: 'andon continue --hook', timeout: 10 };
  const entry = { matcher: 'startup|resume|clear|compact', hooks: [hook] };
  return {
    path,
    text: JSON.stringify({ hooks: { SessionStart: [entry] } }, undefined, 2),
    merge: (before) => withHook(path, before, 'SessionStart', entry),
  };
}

/** A path as the text of a header: a header holds one byte a character; a path is UTF-8. */
const headerText = (path: string): string => Buffer.from(path, 'utf8').toString('latin1');

const codexStdio = `[mcp_servers.andon]
command = "andon"
args = ["mcp"]
env_vars = ["ANDON_URL", "ANDON_TOKEN", "ANDON_TOKEN_FILE", "ANDON_PROJECT", "ANDON_GATEWAY_KEY"]`;

function codexServers({ url, stdio }: JoinFacts): JoinFile {
  const http = `[mcp_servers.andon]\nurl = "${url}/mcp"\nbearer_token_env_var = "ANDON_TOKEN"`;
  const text = stdio ? codexStdio : http;
  const path = '.codex/config.toml';
  return { path, text, merge: (before) => withTable(path, before, text) };
}

async function skill(): Promise<JoinFile> {
  const path = '.claude/skills/andon/SKILL.md';
  const text = await skillText();
  return { path, text, merge: (before) => withSkill(path, before, text) };
}
