// Bundles src into a program: a file for each start, and what starts share in `chunks`. Finding and reading four hundred
// modules takes longer than anything else that a command of Andon does. Packages stay outside, as npm installed them.
import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { dirname, join, sep } from 'node:path';
import { buildSync } from 'esbuild';

/** Modules that run as a process or thread of their own. */
export const processes = [
  'git/spawn/helper',
  'analysis/child',
  'analysis/parser-thread',
  'cli/loop-watch/thread',
  'store/pglite/make-cluster',
];
const entries = ['cli/main', 'index', ...processes];

/** Bundles the sources below `src` into `to`, with the SQL of the migrations where their reader looks for it. */
export function bundle({ src, to }) {
  const { metafile } = buildSync({
    entryPoints: entries.map((name) => join(src, `${name}.ts`)),
    outbase: src,
    outdir: to,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    absWorkingDir: dirname(src),
    metafile: true,
    logLevel: 'error',
  });
  verifyDepth(metafile);
  cpSync(join(src, 'store/migrations'), join(to, 'store/migrations'), {
    recursive: true,
    filter: (path) => !path.endsWith('.ts'),
  });
}

/** Packs the folder of an empty database into a file, by a compiled `make-cluster` and the PGlite installed beside it. */
export function makeCluster(maker, file) {
  execFileSync(process.execPath, ['--liftoff-only', maker, file], {
    env: {},
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** `src/process/entry.ts` finds files from one folder below the code; a bundle has to keep it there. */
function verifyDepth({ outputs }) {
  for (const [file, { inputs }] of Object.entries(outputs))
    if (Object.keys(inputs).some((name) => name.endsWith('process/entry.ts')) && depthOf(file, outputs) !== 1)
      throw new Error(`${file} holds process/entry.ts, and does not lie one folder below the code`);
}

const depthOf = (file, outputs) => {
  const root = dirname(Object.keys(outputs).find((name) => name.endsWith(`${sep}index.js`)) ?? '');
  return file.slice(root.length + 1).split(sep).length - 1;
};
