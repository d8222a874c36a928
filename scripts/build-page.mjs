// Builds the page (web/) into a folder: hashed names, and each file compressed beside itself. A folder of an earlier build is
// taken as it is while nothing that the page is made of has changed.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const root = fileURLToPath(new URL('..', import.meta.url));
const stateFile = '.state';

/** Hash of the sources of the page, and of the versions of its libraries. */
export function stateOfPage() {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')));
  hash.update(readFileSync(fileURLToPath(import.meta.url)));
  const names = readdirSync(join(root, 'web'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const name of names) hash.update(name.slice(root.length)).update(readFileSync(name));
  return hash.digest('hex').slice(0, 16);
}

function compress(folder) {
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    const body = readFileSync(file);
    const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } };
    writeFileSync(`${file}.br`, brotliCompressSync(body, quality));
    writeFileSync(`${file}.gz`, gzipSync(body, { level: 9 }));
  }
}

/** Builds the page into `out`, or copies the build of `former` when that is of the same sources. */
export async function buildPage(out, former) {
  const state = stateOfPage();
  const known = join(former, stateFile);
  if (existsSync(known) && readFileSync(known, 'utf8') === state) {
    if (former !== out) cpSync(former, out, { recursive: true });
    return;
  }
  const { build } = await import('vite');
  // Vite takes the environment of whoever builds, such as that of a test, as the kind of the build.
  const before = process.env.NODE_ENV;
  process.env.NODE_ENV = 'production';
  await build({ configFile: join(root, 'web/vite.config.ts'), build: { outDir: out, emptyOutDir: true } });
  if (before === undefined) delete process.env.NODE_ENV;
  else process.env.NODE_ENV = before;
  compress(out);
  writeFileSync(join(out, stateFile), state);
}
