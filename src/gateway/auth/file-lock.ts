import { setTimeout as delay } from 'node:timers/promises';
import { fail } from '../../lib/errors.ts';
import { giveFileBack, ownerOf, ownerText, takeFile } from '../../process/owned-file.ts';

/** Time that a caller waits for others, in milliseconds. */
const waitMsMax = 60_000;
const pollMs = 20;

/**
 * Does the work while no other caller of this function works on the file, in any process. The lock is a file
 * beside the locked one that names its owner, and is taken from a dead owner. Errors: `token.busy` when
 * another caller holds the lock for a minute.
 */
export async function withFileLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  const lock = `${path}.lock`;
  const owner = await ownerText();
  await take(lock, owner);
  try {
    return await work();
  } finally {
    await giveFileBack(lock, owner);
  }
}

async function take(lock: string, owner: string): Promise<void> {
  const until = performance.now() + waitMsMax;
  while (!(await takeFile(lock, owner))) {
    if (performance.now() > until)
      throw fail('token.busy', lock, { found: (await ownerOf(lock)) ?? 'held', limit: `${waitMsMax} ms` });
    await delay(pollMs + Math.random() * pollMs);
  }
}
