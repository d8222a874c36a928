import { LRUCache } from 'lru-cache';

const grantsAndChangesMax = 20_000;

/**
 * The tree of a change that the bearer of a grant was shown last, by `change.diff` of this gateway. A judgement that
 * names no tree is bound to it. Memory alone knows: after a restart, or at another gateway of the database, the judge
 * reads the change again.
 */
export class ShownTrees {
  readonly #trees = new LRUCache<string, string>({ max: grantsAndChangesMax });

  /** Notes the tree; answers the one that was shown before, if it was another. */
  show(grantId: string, change: string, tree: string): string | undefined {
    const before = this.lastOf(grantId, change);
    this.#trees.set(`${grantId} ${change}`, tree);
    return before === tree ? undefined : before;
  }

  /** Undefined when the bearer was shown none. */
  lastOf(grantId: string, change: string): string | undefined {
    return this.#trees.get(`${grantId} ${change}`);
  }
}
