// Compiles src into dist, from nothing, so that no file of an earlier build is left over.
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
rmSync(`${root}dist`, { recursive: true, force: true });
const tsc = `${root}node_modules/typescript/bin/tsc`;
const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
const main = `${root}dist/cli/main.js`;
if (status === 0 && existsSync(main)) chmodSync(main, 0o755);
process.exit(status ?? 1);
