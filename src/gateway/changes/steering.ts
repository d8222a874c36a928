import { LRUCache } from 'lru-cache';
import type { QueueEntry } from '../../changes/queue/entries.ts';
import { protectionOf } from '../../policies/protected/protection.ts';
import type { Repositories } from '../repositories/repositories.ts';

const byTable = protectionOf({ protect: [], unprotect: [] });

/**
 * Tells which changes touch files that steer tools, by the table of such files. Tests that such a change weakens would
 * vouch for others, so it lands alone.
 */
export class SteeringChanges {
  readonly #git: Repositories;
  /** A change never gets another patch. */
  readonly #known = new LRUCache<string, { readonly steers: boolean }>({ max: 2_000 });

  constructor(git: Repositories) {
    this.#git = git;
  }

  async of(entry: QueueEntry): Promise<boolean> {
    const known = this.#known.get(entry.id);
    if (known !== undefined) return known.steers;
    const paths = await this.#git.changedPaths(entry.project, entry);
    const steers = paths === undefined || paths.some((path) => byTable.against(path) !== undefined);
    this.#known.set(entry.id, { steers });
    return steers;
  }
}
