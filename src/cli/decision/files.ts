import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fail } from '../../lib/errors.ts';
import { decisionFolder, isDecisionFile } from '../../memory/madr/folder.ts';
import { parseMadr } from '../../memory/madr/parse.ts';
import type { Answer, Run } from '../command.ts';
import { writeWhole } from '../gateway-file.ts';
import { refuseLinks } from '../join/write.ts';

/** Options of `andon decision export`. */
export interface ExportOptions {
  readonly dir: string;
}

/** Writes every decision as a file below a folder; a file that holds the same text stays untouched. */
export async function exportDecisions({ link, options, world }: Run<ExportOptions>): Promise<Answer> {
  const { client, project } = await link();
  const folder = resolve(world.cwd, options.dir);
  const files = await client.decision.files.query({ project });
  const written: string[] = [];
  // A name that a gateway answers must not lead out of the folder.
  for (const { path, text } of files.filter((one) => isDecisionFile(one.path))) {
    await refuseLinks(folder, path);
    const before = await readFile(join(folder, path), 'utf8').catch(() => undefined);
    if (before === text) continue;
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeWhole(join(folder, path), text, 0o644);
    written.push(path);
  }
  const lines = written.length === 0 ? [`${decisionFolder} holds every decision as it stands`] : written;
  const next = `next: let a person's change land them; the folder is protected (unprotect: [andon-decisions])`;
  return { data: { written, files: files.length }, lines, talk: written.length === 0 ? [] : [next] };
}

/** Judges files of decisions as the gateway does at a push. */
export async function checkDecisions({ world }: Run<object>, paths: readonly string[]): Promise<Answer> {
  const faults: { file: string; line: number; found: string; limit: string }[] = [];
  for (const path of paths) {
    const text = await readFile(resolve(world.cwd, path), 'utf8').catch((error: NodeJS.ErrnoException) => {
      throw fail('cli.usage', path, { found: error.code ?? 'unreadable', next: 'name a text file' }, error);
    });
    const parsed = parseMadr(text);
    const file = relative(world.cwd, resolve(world.cwd, path));
    if ('faults' in parsed) faults.push(...parsed.faults.map((one) => ({ file, ...one })));
  }
  const lines = faults.map(({ file, line, found, limit }) => `${file}:${line}  ${found}; wanted: ${limit}`);
  return {
    data: { faults },
    lines:
      faults.length === 0 ? [`${paths.length} decision${paths.length === 1 ? '' : 's'} can be read`] : lines,
    exit: faults.length === 0 ? 'ok' : 'usage',
  };
}
