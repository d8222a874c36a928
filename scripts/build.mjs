// Bundles src into dist, from nothing, so that no file of an earlier build is left over, and writes the JSON Schema of
// andon.yaml beside it; with `--types` also the declarations of the library, which only the package needs. dist is
// replaced whole: whoever runs from it sees one build or the next. `npm run check` verifies the types.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildPage } from './build-page.mjs';
import { bundle, makeCluster } from './bundle.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const next = `dist.${process.pid}`;
const former = `dist.${process.pid}.old`;

const node = (args, stdio) => spawnSync(process.execPath, args, { cwd: root, stdio, encoding: 'utf8' });

process.on('exit', () => {
  for (const folder of [next, former]) rmSync(`${root}${folder}`, { recursive: true, force: true });
});

await bundle({ src: `${root}src`, to: `${root}${next}` });
const pglite = `${root}${next}/store/pglite`;
makeCluster(`${pglite}/make-cluster.js`, `${pglite}/cluster.gz`);
if (process.argv.includes('--types')) {
  const tsc = 'node_modules/typescript/bin/tsc';
  const declared = node(
    [tsc, '-p', 'tsconfig.build.json', '--emitDeclarationOnly', '--outDir', next],
    'inherit',
  );
  if (declared.status !== 0) process.exit(declared.status ?? 1);
}
chmodSync(`${root}${next}/cli/main.js`, 0o755);
const schema = node([`${next}/cli/main.js`, 'schema'], ['ignore', 'pipe', 'inherit']);
if (schema.status !== 0) process.exit(schema.status ?? 1);
writeFileSync(`${root}andon.schema.json`, schema.stdout);
await buildPage(`${root}${next}/page`, `${root}dist/page`);
if (existsSync(`${root}dist`)) renameSync(`${root}dist`, `${root}${former}`);
renameSync(`${root}${next}`, `${root}dist`);
