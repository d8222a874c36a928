// Bundles src into a program: one file for what every command loads, one for the client, one for the gateway, and one
// for each process or thread of its own. Finding and reading four hundred modules takes longer than anything else that a
// command of Andon does. Packages stay outside, as npm installed them; only tRPC, which the package brings along at a
// fixed version, is part of what the command line loads.
import { execFileSync } from 'node:child_process';
import { cpSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import { rolldown } from 'rolldown';

/** Modules that run as a process or thread of their own. */
export const processes = [
  'git/spawn/helper',
  'analysis/child',
  'analysis/parser-thread',
  'cli/loop-watch/thread',
  'store/pglite/make-cluster',
];

const noForm = join(import.meta.dirname, 'no-form.mjs');

/** Bundles the sources below `src` into `to`, with the SQL of the migrations where their reader looks for it. */
export async function bundle({ src, to }) {
  const moduleAt = (name) => join(src, `${name}.ts`);
  const write = (entry, parts, shipped = []) =>
    writeBundle({ entry, input: moduleAt(entry), to, shipped, groups: groupsOf(parts, moduleAt) });
  // The order of the parts is that in which they are loaded: what an earlier one holds, a later one shares.
  await write('cli/main', { command: 'cli/main', client: 'client', gateway: 'app' }, ['@trpc/']);
  // `AppRouter` and the errors of the client are those of the packages that a program around Andon imports.
  await write('index', { library: 'index' });
  for (const entry of processes) await write(entry, { [basename(entry)]: entry });
  cpSync(join(src, 'store/migrations'), join(to, 'store/migrations'), {
    recursive: true,
    filter: (path) => !path.endsWith('.ts'),
  });
}

async function writeBundle({ entry, input, to, shipped, groups }) {
  const isOutside = (id) =>
    !id.startsWith('.') && !isAbsolute(id) && !shipped.some((name) => id.startsWith(name));
  const build = await rolldown({
    input: { [entry]: input },
    platform: 'node',
    external: isOutside,
    tsconfig: false,
    transform: {
      target: 'node20.19',
      inject: shipped.includes('@trpc/') ? { FormData: [noForm, 'NoForm'] } : {},
    },
    logLevel: 'warn',
    // From the sources, such an import does save the loading.
    checks: { ineffectiveDynamicImport: false },
  });
  const { output } = await build.write({
    dir: to,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: 'chunks/[name]-[hash].js',
    codeSplitting: { groups },
  });
  await build.close();
  verifyDepth(output);
}

/** A chunk for all that is loaded together with the module of each part, but for the module that starts. */
function groupsOf(parts, moduleAt) {
  return Object.entries(parts).map(([name, from], n) => {
    let loaded;
    return {
      debugName: name,
      priority: 100 - n,
      name: (id, modules) => {
        loaded ??= loadedWith(moduleAt(from), modules);
        return loaded.has(id) && !modules.getModuleInfo(id)?.isEntry ? name : null;
      },
    };
  });
}

/** A module and all that its static imports reach. */
function loadedWith(start, modules) {
  const reached = new Set();
  const left = [start];
  for (let id = left.pop(); id !== undefined; id = left.pop()) {
    if (reached.has(id)) continue;
    reached.add(id);
    left.push(...(modules.getModuleInfo(id)?.importedIds ?? []));
  }
  return reached;
}

/** Packs the folder of an empty database into a file, by a compiled `make-cluster` and the PGlite installed beside it. */
export function makeCluster(maker, file) {
  execFileSync(process.execPath, ['--liftoff-only', maker, file], {
    env: {},
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** `src/process/entry.ts` finds files from one folder below the code; a bundle has to keep it there. */
function verifyDepth(output) {
  for (const { fileName, moduleIds = [] } of output)
    if (moduleIds.some((id) => id.endsWith('process/entry.ts')) && fileName.split('/').length !== 2)
      throw new Error(`${fileName} holds process/entry.ts, and does not lie one folder below the code`);
}

// For whoever cannot wait for a promise: `node scripts/bundle.mjs SRC TO`.
if (process.argv[1] === import.meta.filename) await bundle({ src: process.argv[2], to: process.argv[3] });
