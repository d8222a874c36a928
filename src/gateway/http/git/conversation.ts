import type { Readable, Writable } from 'node:stream';
import { isOid, isZeroOid } from '../../../git/objects/oid.ts';
import { fail } from '../../../lib/errors.ts';

/** One ref that a push would move; the zero id stands for "none". */
export interface Update {
  readonly ref: string;
  readonly oldOid: string;
  readonly newOid: string;
}

/** The hook's report about a push, before anything of the push is visible to others. */
export interface PushOffer {
  readonly updates: readonly Update[];
  /** The environment in which git sees the pushed objects. */
  readonly quarantine: Readonly<Record<string, string>>;
}

const offerBytesMax = 1024 * 1024;

/**
 * Reads the report of the hook, up to its `end`. Undefined when the hook was never started: git itself
 * refused the push, or there was nothing to push. Rejects with `git.protocol` on half a message.
 */
export async function readOffer(from: Readable): Promise<PushOffer | undefined> {
  let text = '';
  for await (const chunk of from as AsyncIterable<Buffer>) {
    text += chunk.toString('utf8');
    if (text.length > offerBytesMax)
      throw fail('push.size', 'refs', { found: text.length, limit: offerBytesMax });
    if (text.endsWith('\nend\n')) return parseOffer(text);
  }
  if (text === '') return undefined;
  throw fail('git.protocol', 'pre-receive', { found: 'half a message of the hook' });
}

function parseOffer(text: string): PushOffer {
  const [head, objects = '', alternates = '', ...rows] = text.split('\n').slice(0, -2);
  if (head !== 'push 1') throw fail('git.protocol', 'pre-receive', { found: 'another version of the hook' });
  const updates = rows.map(parseUpdate);
  // A push that only deletes brings no objects, and git makes no quarantine for it.
  if (objects === '' && updates.every(({ newOid }) => isZeroOid(newOid))) return { quarantine: {}, updates };
  return {
    quarantine: { GIT_OBJECT_DIRECTORY: objects, GIT_ALTERNATE_OBJECT_DIRECTORIES: alternates },
    updates,
  };
}

function parseUpdate(row: string): Update {
  const [oldOid = '', newOid = '', ...rest] = row.split(' ');
  const ref = rest.join(' ');
  if (!isOid(oldOid) || !isOid(newOid) || !ref.startsWith('refs/')) {
    throw fail('git.protocol', 'pre-receive', { found: row.slice(0, 120) });
  }
  return { oldOid, newOid, ref };
}

/** Answers the hook; a hook that has ended hears no answer, and its push has failed already. */
export function answer(to: Writable, accept: boolean, lines: readonly string[]): void {
  to.on('error', () => undefined);
  const said = lines.flatMap((line) => line.split('\n')).map((line) => `say ${line}\n`);
  to.end(`${said.join('')}${accept ? 'accept' : 'refuse'}\n`);
}
