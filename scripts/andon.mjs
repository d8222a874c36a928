// `npm run -s andon -- …` in a clone: compiles when the sources are newer than the last build, then runs the program.
import { spawn, spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const main = `${root}dist/cli/main.js`;

function newestMs(folder) {
  const times = readdirSync(folder, { recursive: true }).map((name) => statSync(`${folder}/${name}`).mtimeMs);
  return Math.max(...times);
}

function isBuilt() {
  const built = statSync(main, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return built > Math.max(newestMs(`${root}src`), newestMs(`${root}web`));
}

if (!isBuilt()) {
  process.stderr.write('building …\n');
  const { status } = spawnSync(process.execPath, [`${root}scripts/build.mjs`], {
    stdio: ['ignore', 2, 'inherit'],
  });
  if (status !== 0) process.exit(status ?? 1);
}

// npm changes into the package's folder; the program works where the person stands.
const cwd = process.env.INIT_CWD ?? process.cwd();
const child = spawn(process.execPath, [main, ...process.argv.slice(2)], { stdio: 'inherit', cwd });
// Ctrl-C reaches the child by the terminal as well; a signal to this process alone is handed on.
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
