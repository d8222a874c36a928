import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { processes } from '../../scripts/bundle.mjs';
import { kept } from './kept.ts';
import { copyMigrations } from './migration-files.ts';
import { addPackedCluster } from './packed-cluster.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * The compiled entry of the gateway that tests kill; compiled once per state of the sources, since a start
 * from source costs seconds and there are hundreds of them. Bundled too: finding a thousand modules takes
 * longer than the rest of a start.
 */
export function compiledGateway(): string {
  const { folder, isThere, aside, keep } = kept('andon-killed-', sourcesHash());
  const entry = join(folder, 'test/fault-gateway-main.js');
  if (isThere) return entry;
  const place = aside();
  const from = compile(place, root);
  // One folder below the code, where modules that start as processes are looked for.
  bundle({ 'test/fault-gateway-main': join(from, 'test/support/fault-gateway-main.js') }, place);
  bundle(Object.fromEntries(processes.map((name) => [name, join(from, 'src', `${name}.js`)])), place);
  copyMigrations(join(root, 'src'), join(place, 'store/migrations'));
  addPackedCluster(place, join(place, 'store/pglite/make-cluster.js'));
  keep(place);
  return entry;
}

function bundle(entryPoints: Readonly<Record<string, string>>, outdir: string): void {
  const require = `import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);`;
  buildSync({
    entryPoints,
    outdir,
    bundle: true,
    platform: 'node',
    format: 'esm',
    // Packages that load files of their own, or are rarely needed, stay outside of the bundle.
    external: ['@electric-sql/pglite', 'ts-morph', 'pg-native'],
    banner: { js: require },
    logLevel: 'error',
  });
}

/** The compiled entry of an earlier commit; undefined, and told, when the history is missing. */
export function compiledGatewayAt(commit: string): string | undefined {
  const git = (...args: string[]): Buffer =>
    execFileSync('git', ['-C', root, ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
      maxBuffer: 256 * 1024 * 1024,
    });
  try {
    git('cat-file', '-e', `${commit}^{commit}`);
  } catch {
    console.log(`SKIPPED: no upgrade is tried, commit ${commit.slice(0, 7)} is not in this history`);
    return undefined;
  }
  // Its packages are those of this checkout: those of another one may be gone.
  const ofRoot = createHash('sha256').update(root).digest('hex').slice(0, 8);
  const { folder, isThere, aside, keep } = kept('andon-faults-', `${commit}-${ofRoot}`);
  const entry = join(folder, 'out', 'test', 'support', 'fault-gateway-main.js');
  if (isThere) return entry;
  const place = aside();
  const from = join(place, 'from');
  mkdirSync(from);
  execFileSync('tar', ['-x', '-C', from], { input: git('archive', commit, 'src', 'test', 'tsconfig.json') });
  symlinkSync(join(root, 'node_modules'), join(from, 'node_modules'));
  compile(place, from);
  keep(place);
  return entry;
}

/** Compiles the sources in `from` with the entry of the tests into `<place>/out`; answers that path. */
function compile(place: string, from: string): string {
  symlinkSync(join(root, 'node_modules'), join(place, 'node_modules'));
  writeFileSync(join(place, 'package.json'), '{ "type": "module" }');
  const out = join(place, 'out');
  const compilerOptions = {
    noEmit: false,
    noCheck: true,
    rootDir: from,
    outDir: out,
    typeRoots: [join(root, 'node_modules', '@types')],
  };
  const include = [join(from, 'src'), join(from, 'test/support/fault-gateway-main.ts')];
  const project = join(place, 'tsconfig.json');
  writeFileSync(project, JSON.stringify({ extends: join(from, 'tsconfig.json'), compilerOptions, include }));
  execFileSync(join(root, 'node_modules', '.bin', 'tsc'), ['-p', project], { stdio: 'inherit' });
  copyMigrations(join(from, 'src'), join(out, 'src/store/migrations'));
  return out;
}

function sourcesHash(): string {
  const hash = createHash('sha256').update(root);
  for (const folder of ['src', 'test/support']) {
    const names = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
    for (const name of names.filter((one) => /\.(?:ts|sql)$/.test(one)).sort())
      hash.update(`${name}\0`).update(readFileSync(join(root, folder, name)));
  }
  return hash.digest('hex').slice(0, 16);
}
