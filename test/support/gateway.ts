import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import pino from 'pino';
import { type App, type AppExtras, startApp } from '../../src/app.ts';
import { type Client, createClient } from '../../src/client.ts';
import { type ConfigInput, configure } from '../../src/config.ts';
import { createDatabase, type Engine, preparePglite } from './engines.ts';
import { type Ran, runProgram } from './program.ts';

/** A real gateway on loopback with a folder of its own. */
export interface TestGateway {
  readonly app: App;
  readonly url: string;
  readonly folder: string;
  readonly databaseUrl: string | undefined;
  /** The owner's client. */
  readonly owner: Client;
  client(token: string): Client;
  ownerToken(): string;
  close(): Promise<void>;
}

export interface TestGatewayOptions {
  readonly folder?: string;
  readonly databaseUrl?: string;
  readonly config?: Partial<ConfigInput>;
  readonly extras?: AppExtras;
}

export async function startTestGateway(
  engine: Engine,
  options: TestGatewayOptions = {},
): Promise<TestGateway> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'andon-gw-'));
  const databaseUrl = engine === 'postgres' ? (options.databaseUrl ?? (await createDatabase())) : undefined;
  const input = { dataFolder: join(folder, 'data'), stateFolder: join(folder, 'state'), ...options.config };
  const config = configure({ ...input, ...(databaseUrl === undefined ? {} : { databaseUrl }) }, {});
  if (engine === 'pglite') preparePglite(config.dataFolder);
  const log = pino({ level: process.env.ANDON_TEST_LOG ?? 'silent' });
  const app = await startApp(config, { log, purpose: 'test', ...options.extras });
  const ownerToken = () => readFileSync(app.owner.file, 'utf8').trim();
  const client = (token: string) => createClient({ url: app.url, token: () => token });
  return {
    app,
    url: app.url,
    folder,
    databaseUrl,
    owner: createClient({ url: app.url, token: ownerToken }),
    client,
    ownerToken,
    close: async () => {
      await app.close();
      if (options.folder === undefined) rmSync(folder, { recursive: true, force: true });
    },
  };
}

const gitEnvironment = {
  PATH: process.env.PATH ?? '',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'Agent',
  GIT_AUTHOR_EMAIL: 'agent@example.org',
  GIT_COMMITTER_NAME: 'Agent',
  GIT_COMMITTER_EMAIL: 'agent@example.org',
};

export type GitResult = Ran;

/** Runs the ordinary git client, as an agent would: the token in the environment, not on disk or in argv. */
export async function git(
  cwd: string,
  args: readonly string[],
  auth?: { url: string; token: string },
): Promise<GitResult> {
  const header = auth && {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: `http.${auth.url}/.extraHeader`,
    GIT_CONFIG_VALUE_0: `Authorization: Bearer ${auth.token}`,
  };
  return runProgram('git', args, { cwd, env: { ...gitEnvironment, HOME: cwd, ...header } });
}

export async function mustGit(
  cwd: string,
  args: readonly string[],
  auth?: { url: string; token: string },
): Promise<string> {
  const result = await git(cwd, args, auth);
  if (result.code !== 0) throw new Error(`git ${args.join(' ')}: ${result.err}`);
  return result.out.trim();
}

/** Writes files into a folder. */
export function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}

/** A small repository of a user, with one commit. */
export async function sourceRepository(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'andon-src-'));
  await mustGit(folder, ['init', '-q', '-b', 'main']);
  write(folder, files);
  await mustGit(folder, ['add', '-A']);
  await mustGit(folder, ['commit', '-q', '-m', 'first']);
  return folder;
}
