import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { z } from 'zod';
import { fail } from '../../lib/errors.ts';
import type { SourceReason } from '../../policies/altered.ts';
import { type Baseline, baselineOf } from '../../policies/baseline.ts';
import { replaceFile } from '../../store/replace-file.ts';

const entry = z.strictObject({
  rule: z.string(),
  unit: z.string().optional(),
  found: z.array(z.union([z.string(), z.number()])),
});
const baselineSchema = z.strictObject({ version: z.literal(1), files: z.record(z.string(), z.array(entry)) });
const bytesMax = 64 * 1024 * 1024;

/** Reads a baseline. Errors: `check.baseline`. */
export async function readBaseline(cwd: string, file: string): Promise<Baseline> {
  const text = await readFile(resolve(cwd, file), 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw fail('check.baseline', file, { found: error.code === 'ENOENT' ? 'no such file' : error.message });
  });
  if (text.length > bytesMax)
    throw fail('check.baseline', file, { found: `${text.length} characters`, limit: bytesMax });
  const found = baselineSchema.safeParse(parsed(text));
  if (!found.success)
    throw fail('check.baseline', file, { found: z.prettifyError(found.error).slice(0, 300) });
  return found.data;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Writes the findings down as the baseline that later checks start from. */
export const writeBaseline = (cwd: string, file: string, reasons: readonly SourceReason[]): Promise<void> =>
  replaceFile(resolve(cwd, file), `${JSON.stringify(baselineOf(reasons), undefined, 1)}\n`, { mode: 0o644 });
