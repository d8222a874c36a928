// The conditions that a commit has to meet before its tests run: types, pure types, lint and format, the
// architecture, comments and pages, and Andon's own code policies over Andon's own source.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = (name) => `${root}node_modules/${name}`;
const steps = [
  ['types', bin('typescript/bin/tsc'), '-p', 'tsconfig.json'],
  ['pure types', bin('typescript/bin/tsc'), '-p', 'tsconfig.pure.json'],
  ['types of the page', bin('typescript/bin/tsc'), '-p', 'web/tsconfig.json'],
  ['lint and format', bin('@biomejs/biome/bin/biome'), 'ci', '--error-on-warnings'],
  ['architecture', bin('vitest/vitest.mjs'), 'run', '--config', 'test/support/no-engines.config.ts'],
  ['andon check src web', bin('tsx/dist/cli.mjs'), 'src/cli/main.ts', 'check', 'src', 'web'],
];

let failed = 0;
for (const [title, script, ...args] of steps) {
  const begun = performance.now();
  const { status } = spawnSync(process.execPath, [script, ...args], { cwd: root, stdio: 'inherit' });
  if (status !== 0) failed += 1;
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  console.log(`${status === 0 ? 'ok  ' : 'FAIL'}  ${title}  ${seconds} s`);
}
process.exit(failed === 0 ? 0 : 1);
