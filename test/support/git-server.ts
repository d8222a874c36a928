import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  createGitHandler,
  type GitOutcome,
  type Judgement,
  type Push,
} from '../../src/gateway/http/git/handler.ts';
import { installHook } from '../../src/gateway/http/git/hook.ts';
import { viewPush } from '../../src/gateway/http/git/quarantine.ts';
import { refusalLines } from '../../src/gateway/pushes/push-refusal.ts';
import { createFactsCache } from '../../src/git/facts-cache.ts';
import { createTreeCache } from '../../src/git/objects/tree-cache.ts';
import { createRepository, mainOid, type Repository } from '../../src/git/repository.ts';
import { createGitRunner, type GitRunner } from '../../src/git/runner.ts';
import type { Reason } from '../../src/lib/decision.ts';
import { fail } from '../../src/lib/errors.ts';
import type { TreeScope } from '../../src/policies/facts.ts';
import { frameReasons } from '../../src/policies/frame.ts';
import { refReasons } from '../../src/policies/refs.ts';
import { treeReasons } from '../../src/policies/tree.ts';

/** The result of a git client; the call never rejects, so that a test can examine a refusal. */
export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const clientEnv = {
  PATH: process.env.PATH ?? '',
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'agent',
  GIT_AUTHOR_EMAIL: 'agent@example.org',
  GIT_COMMITTER_NAME: 'agent',
  GIT_COMMITTER_EMAIL: 'agent@example.org',
};

/** Runs the ordinary git client. */
export function git(cwd: string, args: readonly string[], input?: string | Buffer, env = {}): Promise<Ran> {
  return new Promise((resolve) => {
    const child = execFile(
      'git',
      args,
      { cwd, env: { ...clientEnv, ...env }, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err }),
    );
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(input ?? '');
  });
}

/** Runs git as `git` does, for steps that must work; answers trimmed stdout. */
export async function must(cwd: string, args: readonly string[], input?: string | Buffer): Promise<string> {
  const ran = await git(cwd, args, input);
  if (ran.code !== 0) throw new Error(`git ${args.join(' ')}: ${ran.err}`);
  return ran.out.trim();
}

export function write(folder: string, files: Readonly<Record<string, string | Buffer>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

/** Writes files, commits everything, answers the commit. */
export async function commit(
  folder: string,
  files: Readonly<Record<string, string | Buffer>>,
  message = 'work',
): Promise<string> {
  write(folder, files);
  await must(folder, ['add', '-A']);
  await must(folder, ['commit', '-q', '--allow-empty', '-m', message]);
  return must(folder, ['rev-parse', 'HEAD']);
}

export const branch = 'task/cart/1/work';
const prefixes = ['refs/heads/task/cart/1/'];

/** An implementer of one task: src/cart and test/cart, nothing deleted. */
export const scope: TreeScope = {
  writable: (path) => path.startsWith('src/cart/') || path.startsWith('test/cart/'),
  mayDelete: false,
  protectedBy: () => undefined,
  words: 'src/cart/**, test/cart/**',
};

export interface TestServer {
  readonly url: string;
  readonly folder: string;
  readonly repository: Repository;
  readonly runner: GitRunner;
  readonly troubles: unknown[];
  readonly outcomes: GitOutcome[];
  readonly requests: IncomingMessage[];
  /** Accepted heads besides main. */
  readonly dependencies: string[];
  /** Replaces the judge until it is set back to undefined. */
  judge: ((push: Push<string>) => Promise<Judgement>) | undefined;
  clone(name: string, ...args: string[]): Promise<string>;
  /** Moves main as a landing would. */
  land(oid: string): Promise<void>;
  refs(): Promise<string>;
  close(): Promise<void>;
}

export interface ServerOptions {
  readonly files?: Readonly<Record<string, string>>;
  readonly pushBytesMax?: number;
  readonly blobBytesMax?: number;
  readonly timeoutMs?: number;
}

const seedFiles = {
  'README.md': 'a shop\n',
  'src/cart/add.ts': 'export const add = 1;\n',
  'src/pay/charge.ts': 'export const charge = 1;\n',
  'secret/key.txt': 'do not touch\n',
};

/** A real HTTP server on loopback around the handler, with a project made from a small user repository. */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'andon-git-'));
  const source = join(folder, 'source');
  mkdirSync(source);
  await must(source, ['init', '-q', '-b', 'main']);
  await commit(source, options.files ?? seedFiles, 'seed');
  const runner = createGitRunner({ path: process.env.PATH ?? '' });
  const repository = await createRepository({ runner, gitDir: join(folder, 'shop.git'), source });
  const hooksDir = join(folder, 'hooks');
  await installHook(hooksDir);
  const facts = createFactsCache();
  const trees = createTreeCache();
  const state = {
    troubles: [] as unknown[],
    outcomes: [] as GitOutcome[],
    requests: [] as IncomingMessage[],
    dependencies: [] as string[],
    judge: undefined as TestServer['judge'],
  };
  const judge = async (push: Push<string>): Promise<Judgement> => {
    const main = await mainOid(runner, repository);
    const accepted = [...(main === undefined ? [] : [main]), ...state.dependencies];
    const reasons = await viewPush(
      push,
      { runner, accepted, facts, trees },
      async ({ updates, tips }): Promise<Reason[]> => [
        ...refReasons(updates, prefixes),
        ...tips.flatMap((tip) => frameReasons(tip, scope)),
        ...tips.flatMap((tip) =>
          treeReasons(tip, { blobBytesMax: options.blobBytesMax ?? 100 * 1024 * 1024 }),
        ),
      ],
    );
    return reasons.length === 0
      ? { ok: true }
      : { ok: false, lines: refusalLines(push.updates[0]?.ref ?? '', reasons) };
  };
  const handle = createGitHandler<string>({
    runner,
    hooksDir,
    repository: async (project) => (project === 'shop' ? repository : undefined),
    authenticate: async (req) => {
      const { authorization } = req.headers;
      if (authorization === `Basic ${Buffer.from('agent:good').toString('base64')}`) return 'agent';
      throw authorization === undefined ? fail('token.missing', 'git') : fail('grant.action', 'repo:push');
    },
    judge: (push) => (state.judge ?? judge)(push),
    trouble: (error) => state.troubles.push(error),
    ...(options.pushBytesMax !== undefined && { pushBytesMax: options.pushBytesMax }),
    ...(options.timeoutMs !== undefined && { timeoutMs: options.timeoutMs }),
  });
  const http = createServer((req, res) => {
    state.requests.push(req);
    void handle(req, res).then((outcome) => state.outcomes.push(outcome));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const url = `http://agent:good@127.0.0.1:${(http.address() as AddressInfo).port}/git/shop.git`;
  return Object.assign(state, {
    url,
    folder,
    repository,
    runner,
    async clone(name: string, ...args: string[]) {
      await must(folder, ['clone', '-q', ...args, url, name]);
      return join(folder, name);
    },
    async land(oid: string) {
      await must(repository.gitDir, ['update-ref', repository.mainRef, oid]);
    },
    refs: () => must(repository.gitDir, ['for-each-ref', '--format=%(refname) %(objectname)']),
    async close() {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
      await runner.close();
      rmSync(folder, { recursive: true, force: true });
    },
  });
}
