import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const prefix = 'andon-faults-';
const dayMs = 24 * 60 * 60 * 1000;

/**
 * The compiled entry of the gateway that tests kill; compiled once per state of the sources, since a start from
 * source costs seconds and there are hundreds of them.
 */
export const compiledGateway = (): string => compiled(sourcesHash(), () => root);

/** The same of an earlier commit; undefined where there is no history to take it from. */
export function compiledGatewayAt(commit: string): string | undefined {
  const git = (...args: string[]): Buffer =>
    execFileSync('git', ['-C', root, ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 256 * 1024 * 1024,
    });
  try {
    git('cat-file', '-e', `${commit}^{commit}`);
  } catch {
    return undefined;
  }
  return compiled(commit, (aside) => {
    const from = join(aside, 'from');
    mkdirSync(from);
    execFileSync('tar', ['-x', '-C', from], {
      input: git('archive', commit, 'src', 'test', 'tsconfig.json'),
    });
    symlinkSync(join(root, 'node_modules'), join(from, 'node_modules'));
    return from;
  });
}

/** Compiles what `sources` answers, once for each name; it gets the folder that the result will be in. */
function compiled(name: string, sources: (aside: string) => string): string {
  const folder = join(tmpdir(), `${prefix}${name}`);
  const entry = join(folder, 'out', 'test', 'support', 'fault-gateway-main.js');
  if (statSync(entry, { throwIfNoEntry: false }) !== undefined) return entry;
  removeOld();
  const aside = mkdtempSync(join(tmpdir(), 'andon-building-'));
  const from = sources(aside);
  symlinkSync(join(root, 'node_modules'), join(aside, 'node_modules'));
  writeFileSync(join(aside, 'package.json'), '{ "type": "module" }');
  const compilerOptions = {
    noEmit: false,
    noCheck: true,
    rootDir: from,
    outDir: join(aside, 'out'),
    typeRoots: [join(root, 'node_modules', '@types')],
  };
  const include = [join(from, 'src'), join(from, 'test/support/fault-gateway-main.ts')];
  const project = join(aside, 'tsconfig.json');
  writeFileSync(project, JSON.stringify({ extends: join(from, 'tsconfig.json'), compilerOptions, include }));
  execFileSync(join(root, 'node_modules', '.bin', 'tsc'), ['-p', project], { stdio: 'inherit' });
  try {
    renameSync(aside, folder);
  } catch {
    // Another test file was faster.
    rmSync(aside, { recursive: true, force: true });
  }
  return entry;
}

function sourcesHash(): string {
  const hash = createHash('sha256').update(root);
  for (const folder of ['src', 'test/support']) {
    const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
    for (const name of names.filter((one) => one.endsWith('.ts')).sort())
      hash.update(`${name}\0`).update(readFileSync(join(root, folder, name)));
  }
  return hash.digest('hex').slice(0, 16);
}

function removeOld(): void {
  for (const name of readdirSync(tmpdir()).filter((one) => one.startsWith(prefix))) {
    const folder = join(tmpdir(), name);
    const { mtimeMs } = statSync(folder, { throwIfNoEntry: false }) ?? { mtimeMs: 0 };
    if (Date.now() - mtimeMs > dayMs) rmSync(folder, { recursive: true, force: true });
  }
}
