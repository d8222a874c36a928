import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { makeCluster } from '../../scripts/bundle.mjs';
import { kept } from './kept.ts';

const sources = resolve(import.meta.dirname, '../../src/store/pglite');

/**
 * Puts the packed folder of an empty database where the code in the folder `code` looks for it. It is made by `maker`, the
 * compiled `make-cluster`, once per release of PGlite: that takes as long as a few starts.
 */
export function addPackedCluster(code: string, maker: string): void {
  const { folder, isThere, aside, keep } = kept('andon-cluster-', stateOfCluster());
  if (!isThere) {
    const made = aside();
    makeCluster(maker, join(made, 'cluster.gz'));
    keep(made);
  }
  const to = join(code, 'store/pglite');
  mkdirSync(to, { recursive: true });
  copyFileSync(join(folder, 'cluster.gz'), join(to, 'cluster.gz'));
}

function stateOfCluster(): string {
  const hash = createHash('sha256');
  hash.update(readFileSync(createRequire(import.meta.url).resolve('@electric-sql/pglite')));
  for (const name of ['cluster.ts', 'make-cluster.ts']) hash.update(readFileSync(join(sources, name)));
  return hash.digest('hex').slice(0, 16);
}
