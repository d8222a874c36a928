// Compiles src into dist, from nothing, so that no file of an earlier build is left over, and writes the
// JSON Schema of andon.yaml beside it. Migrations are plain SQL, copied to where their compiled reader looks for them. dist is replaced whole: whoever runs from it sees one build or the next.
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const next = `dist.${process.pid}`;
const former = `dist.${process.pid}.old`;

const node = (args, stdio) => spawnSync(process.execPath, args, { cwd: root, stdio, encoding: 'utf8' });

process.on('exit', () => {
  for (const folder of [next, former]) rmSync(`${root}${folder}`, { recursive: true, force: true });
});

const tsc = 'node_modules/typescript/bin/tsc';
const compiled = node([tsc, '-p', 'tsconfig.build.json', '--outDir', next], 'inherit');
if (compiled.status !== 0) process.exit(compiled.status ?? 1);
chmodSync(`${root}${next}/cli/main.js`, 0o755);
cpSync(`${root}src/store/migrations`, `${root}${next}/store/migrations`, {
  recursive: true,
  filter: (path) => !path.endsWith('.ts'),
});
const schema = node([`${next}/cli/main.js`, 'schema'], ['ignore', 'pipe', 'inherit']);
if (schema.status !== 0) process.exit(schema.status ?? 1);
writeFileSync(`${root}andon.schema.json`, schema.stdout);
if (existsSync(`${root}dist`)) renameSync(`${root}dist`, `${root}${former}`);
renameSync(`${root}${next}`, `${root}dist`);
