import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { fail } from '../../lib/errors.ts';
import { faultOf } from '../../lib/machine-fault.ts';
import { builtFile } from '../../process/entry.ts';

/** The folder of an empty database, as the build made it with the release of PGlite that the package names. */
const shipped = (): string => builtFile('store/pglite/cluster.gz');

/** The folders of a cluster, each after the one that it is in, and its files with their sizes, in the order of their bytes. */
interface Index {
  readonly folders: readonly string[];
  readonly files: readonly (readonly [path: string, bytes: number])[];
}

const lengthBytes = 4;

/** Packs the folder of a database: the length of an index, the index, the bytes of the files. */
export async function packCluster(folder: string): Promise<Buffer> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const named = entries.map((one) => ({
    isFolder: one.isDirectory(),
    path: relative(folder, join(one.parentPath, one.name)),
  }));
  const paths = (isFolder: boolean): string[] =>
    named
      .filter((one) => one.isFolder === isFolder)
      .map(({ path }) => path)
      .sort();
  const contents = await Promise.all(paths(false).map((path) => readFile(join(folder, path))));
  const files = paths(false).map((path, n) => [path, contents[n]?.byteLength ?? 0] as const);
  const index = Buffer.from(JSON.stringify({ folders: paths(true), files } satisfies Index));
  const length = Buffer.alloc(lengthBytes);
  length.writeUInt32BE(index.byteLength);
  return promisify(gzip)(Buffer.concat([length, index, ...contents]));
}

/**
 * Makes the folder of an empty database out of a packed one. Errors: `disk.full`, `store.unavailable` with what the
 * system says, also where the package was never built.
 */
export async function unpackCluster(folder: string, from: string = shipped()): Promise<void> {
  try {
    const packed = await promisify(gunzip)(await readFile(from));
    const start = lengthBytes + packed.readUInt32BE(0);
    const { folders, files } = JSON.parse(packed.toString('utf8', lengthBytes, start)) as Index;
    await mkdir(folder, { recursive: true, mode: 0o700 });
    for (const path of folders) await mkdir(join(folder, path), { mode: 0o700 });
    let at = start;
    for (const [path, bytes] of files) {
      await writeFile(join(folder, path), packed.subarray(at, at + bytes), { mode: 0o600 });
      at += bytes;
    }
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    const next = existsSync(from)
      ? 'mend what the system says; andon doctor looks at disk and folder'
      : 'install the package again, or build it: npm run build';
    throw fail(faultOf(error) ?? 'store.unavailable', folder, { found, next }, error);
  }
}
