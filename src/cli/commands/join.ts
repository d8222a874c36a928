import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { fail } from '../../lib/errors.ts';
import { type Answer, act, leaf, type Run } from '../command.ts';
import { dateWords } from '../dates.ts';
import { exportLine, settings } from '../join/environment.ts';
import { type ClientName, clientNames, type JoinFile, joinFiles } from '../join/plan.ts';
import { template, templateNames } from '../join/texts.ts';
import { writeFiles } from '../join/write.ts';
import type { World } from '../world.ts';

interface JoinOptions {
  readonly client: ClientName;
  readonly dir: string;
  readonly write?: boolean;
  readonly tracked?: boolean;
  readonly stdio?: boolean;
  readonly template?: string;
}

const about = `prints the setup of an agent that you start by hand: lines for its shell, and the files that its program reads.
With --write the files are written into --dir, and kept out of git by .git/info/exclude: a push that holds them is refused.
No token is printed or written; it is read from the file of --token-file or ANDON_TOKEN_FILE, or from ANDON_TOKEN.

  eval "$(andon join --client claude --token-file ../builder.token --write)" && claude`;

/** The command `andon join`. */
export function joinCommand(world: World): Command {
  return leaf('join', 'let an agent that you start by hand work here', about)
    .addOption(
      new Option('--client <name>', 'the program of the agent').choices(clientNames).default('generic'),
    )
    .option('--dir <folder>', 'the folder that the agent works in', '.')
    .option('--write', 'write the files there, in place of printing them')
    .option('--tracked', 'with --write: also change files that git tracks')
    .option('--stdio', 'reach the tools through andon mcp, which renews the token, in place of HTTP')
    .option('--template <name>', `print a text for AGENTS.md: ${templateNames.join(', ')}`)
    .action(act<JoinOptions>(world, join));
}

async function join(run: Run<JoinOptions>): Promise<Answer> {
  const { options } = run;
  if (options.template !== undefined) {
    const text = await template(options.template);
    return { data: { template: options.template, text }, lines: [text.trimEnd()] };
  }
  return joinGateway(run);
}

async function joinGateway({ world, options, link }: Run<JoinOptions>): Promise<Answer> {
  const { url, client, project, tokenFile, gatewayKey } = await link();
  const { agent, role, tier, expires } = await client.token.explain.query({ project });
  const folder = resolve(world.cwd, options.dir);
  const stdio = options.stdio === true;
  if (stdio && tokenFile === undefined)
    throw fail('cli.usage', '--stdio', { found: 'a token without a file', next: 'pass --token-file' });
  const lines = settings({ url, project, tokenFile, gatewayKey: await gatewayKey() }).map(exportLine);
  const files = await joinFiles({ client: options.client, url, project, folder, stdio });
  const written =
    options.write === true
      ? await writeFiles(folder, files, { tracked: options.tracked === true })
      : undefined;
  return {
    data: {
      url,
      project,
      agent,
      environment: lines,
      files: files.map(({ path, text }) => ({ path, text })),
      written,
    },
    lines: [...lines, ...(written === undefined ? files.flatMap(fileLines) : [])],
    talk: [
      `${agent} (${role}, ${tier}) on ${project}; the token is good until ${dateWords(expires * 1000)}`,
      ...(stdio ? [] : ['for longer than that: --stdio, or andon token renew']),
      ...(written === undefined ? [] : [writtenWords(written)]),
    ],
  };
}

/** Files as comments, so that a shell can read the whole output. */
const fileLines = ({ path, text }: JoinFile): string[] => [
  '',
  `# ${path}`,
  ...text
    .trimEnd()
    .split('\n')
    .map((line) => `#   ${line}`.trimEnd()),
];

const writtenWords = (written: readonly string[]): string =>
  written.length === 0 ? 'nothing to write: everything is in place' : `wrote ${written.join(', ')}`;
