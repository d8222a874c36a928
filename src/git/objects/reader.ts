import { finished } from 'node:stream';
import { fail } from '../../lib/errors.ts';
import type { Oid } from '../../policies/facts.ts';
import type { GitRunner } from '../runner.ts';
import type { Child } from '../spawn/children.ts';
import { BatchParser } from './batch.ts';
import { type Commit, parseCommit } from './commit.ts';
import { isOid } from './oid.ts';
import { parseTree, type TreeEntry } from './tree.ts';
import type { TreeCache } from './tree-cache.ts';

/** Type and size of an object. */
export interface ObjectInfo {
  readonly type: string;
  readonly bytes: number;
}

/** Reads objects of one repository through one long-lived `git cat-file --batch-command`. */
export interface ObjectReader {
  /** Type and size without the content; undefined when the repository has no such object. */
  info(oid: Oid): Promise<ObjectInfo | undefined>;
  /** The content; rejects with `push.object` when missing or of another type, `tree.size` when over `bytesMax`. */
  read(oid: Oid, type: string, bytesMax: number): Promise<Buffer>;
  commit(oid: Oid): Promise<Commit>;
  tree(oid: Oid): Promise<readonly TreeEntry[]>;
  close(): Promise<void>;
}

/** The repository that a reader reads, and the cache that it shares. */
export interface ReaderOptions {
  readonly runner: GitRunner;
  readonly gitDir: string;
  /** Environment of a quarantine, for reading the objects of a push in progress. */
  readonly env?: Readonly<Record<string, string>>;
  /** Parsed trees, shared between readers of one repository: an object id names its content for ever. */
  readonly trees?: TreeCache;
}

const commitBytesMax = 1024 * 1024;
const treeBytesMax = 32 * 1024 * 1024;

/**
 * Creates a reader. Its process starts with the first question, and anew after it has died; a question lost
 * with a process is rejected.
 */
export function createObjectReader(options: ReaderOptions): ObjectReader {
  const { trees } = options;
  let child: Promise<Child> | undefined;
  const parser = new BatchParser();

  const alive = async (): Promise<Child> => {
    child ??= startBatch(options, parser, () => {
      child = undefined;
    });
    const asked = child;
    const running = await asked.catch((error: unknown) => {
      child = undefined;
      throw error;
    });
    // The process may have died during the wait; a question put to it would never be answered.
    return asked === child ? running : alive();
  };

  const ask = async (command: 'info' | 'contents', oid: Oid, bytesMax: number) => {
    // Any other text would be a name for git to resolve, or a second command.
    if (!isOid(oid)) throw fail('push.object', String(oid).slice(0, 80), { found: 'no object id' });
    const { stdin } = await alive();
    const answer = parser.expect(command === 'contents', bytesMax);
    stdin?.write(`${command} ${oid}\n`);
    return answer;
  };

  const read = async (oid: Oid, type: string, bytesMax: number): Promise<Buffer> => {
    const answer = await ask('contents', oid, bytesMax);
    if (answer?.type !== type)
      throw fail('push.object', oid, { found: answer?.type ?? 'missing', limit: type });
    if (answer.content === undefined) throw tooLarge(oid, type, { found: answer.bytes, limit: bytesMax });
    return answer.content;
  };

  return {
    async info(oid) {
      const answer = await ask('info', oid, 0);
      return answer && { type: answer.type, bytes: answer.bytes };
    },
    read,
    commit: async (oid) => parseCommit(oid, await read(oid, 'commit', commitBytesMax)),
    async tree(oid) {
      const known = trees?.get(oid);
      if (known !== undefined) return known;
      const entries = parseTree(oid, await read(oid, 'tree', treeBytesMax));
      trees?.set(oid, entries);
      return entries;
    },
    async close() {
      const running = await child?.catch(() => undefined);
      if (running === undefined) return;
      running.kill();
      await running.exited;
    },
  };
}

/** A commit is large by its message, whatever the limit on files says. */
const tooLarge = (oid: Oid, type: string, detail: { found: number; limit: number }) =>
  fail(type === 'commit' ? 'push.message' : 'tree.size', oid, detail);

async function startBatch(
  { runner, gitDir, env }: ReaderOptions,
  parser: BatchParser,
  gone: () => void,
): Promise<Child> {
  const args = ['cat-file', '--batch-command'];
  const child = await runner.stream(args, { gitDir, stdin: true, ...(env !== undefined && { env }) });
  child.stdin?.on('error', () => undefined);
  child.stderr.resume();
  child.stdout.on('data', (chunk: Buffer) => parser.push(chunk));
  finished(child.stdout, { writable: false }, () => {
    gone();
    parser.fail(fail('git.failed', 'git cat-file', { found: 'it ended before it answered' }));
  });
  child.stdout.resume();
  return child;
}
