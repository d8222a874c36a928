import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { fail } from '../../lib/errors.ts';
import { jsonOf } from '../../lib/json.ts';
import { plainNamePattern } from '../../lib/names.ts';

const oid = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/);
const projectName = z.string().regex(plainNamePattern);
const fileName = z.string().regex(/^[a-z0-9][a-zA-Z0-9._-]{0,120}$/);

/** Schema of the list of a backup's files, with a digest of each. */
const manifestSchema = z.strictObject({
  format: z.literal('andon-backup-1'),
  schema: z.number().int().min(1),
  installation: z.string(),
  at: z.iso.datetime(),
  position: z.number().int().min(0),
  tables: z.array(z.strictObject({ name: z.string(), rows: z.number().int().min(0) })),
  repositories: z.array(
    z.strictObject({
      project: projectName,
      main: z.string().regex(/^refs\/heads\/.+/),
      refs: z.record(z.string().regex(/^refs\/.+/), oid),
    }),
  ),
  files: z.record(fileName, z.string().regex(/^[0-9a-f]{64}$/)),
});

/** The manifest of a backup. */
export type Manifest = z.infer<typeof manifestSchema>;

export const manifestName = 'manifest.json';
/** Name of the file for the rows of a table. */
export const tableFile = (name: string): string => `table-${name}.jsonl`;
/** Name of the file for the pack of a project's repository. */
export const packFile = (project: string): string => `repository-${project}.pack`;

/** The SHA-256 of a file in hex. */
export async function digestOf(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Reads a backup's manifest and compares every file with its digest. Errors: `store.backup`. */
export async function readManifest(folder: string): Promise<Manifest> {
  const text = await readFile(join(folder, manifestName), 'utf8').catch((error: unknown) => {
    throw fail('store.backup', folder, { found: `no ${manifestName}` }, error);
  });
  const parsed = manifestSchema.safeParse(jsonOf(text));
  if (!parsed.success) {
    const place = parsed.error.issues[0]?.path.join('.') || 'JSON';
    throw fail('store.backup', join(folder, manifestName), { found: `a fault at ${place}` });
  }
  for (const [name, digest] of Object.entries(parsed.data.files)) {
    const found = await digestOf(join(folder, name)).catch(() => 'nothing');
    if (found !== digest) throw fail('store.backup', join(folder, name), { found, limit: digest });
  }
  refuseMissing(folder, parsed.data);
  return parsed.data;
}

function refuseMissing(folder: string, { tables, repositories, files }: Manifest): void {
  const wanted = [
    ...tables.map(({ name }) => tableFile(name)),
    ...repositories.map(({ project }) => packFile(project)),
  ];
  const missing = wanted.find((name) => !Object.hasOwn(files, name));
  if (missing !== undefined) throw fail('store.backup', join(folder, missing), { found: 'no digest of it' });
}
