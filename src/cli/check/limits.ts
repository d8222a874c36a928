import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { fail } from '../../lib/errors.ts';
import { limits } from '../../lib/limits.ts';
import type { CodeLimits } from '../../policies/altered.ts';

const positive = z.number().int().min(1);

// Only the members that are read here; applying a plan judges the whole of it.
const planLimits = z.object({
  limits: z
    .object({ implementer: z.object({ complexity: positive, functionLines: positive }).partial() })
    .partial()
    .optional(),
});

/** Limits from the command line. */
export interface GivenLimits {
  readonly complexity?: number;
  readonly lines?: number;
}

/** Limits as given, else those of implementers in `andon.yaml` at `root`, else the defaults. Throws `plan.invalid`. */
export async function codeLimits(given: GivenLimits, root: string): Promise<CodeLimits> {
  const plan = await readPlanLimits(root);
  return {
    complexity: given.complexity ?? plan.complexity ?? limits.complexityDefault,
    lines: given.lines ?? plan.lines ?? limits.functionLinesDefault,
  };
}

async function readPlanLimits(
  root: string,
): Promise<{ complexity?: number | undefined; lines?: number | undefined }> {
  const text = await readFile(join(root, 'andon.yaml'), 'utf8').catch(() => undefined);
  if (text === undefined) return {};
  const found = planLimits.safeParse(parseYaml(text));
  if (!found.success) throw fail('plan.invalid', 'andon.yaml', { found: z.prettifyError(found.error) });
  const { complexity, functionLines } = found.data.limits?.implementer ?? {};
  return { complexity, lines: functionLines };
}

function parseYaml(text: string): unknown {
  if (text.length > limits.bodyBytesMax)
    throw fail('plan.invalid', 'andon.yaml', { found: `${text.length} characters` });
  try {
    return parse(text) ?? {};
  } catch (cause) {
    throw fail(
      'plan.invalid',
      'andon.yaml',
      { found: cause instanceof Error ? cause.message : 'no YAML' },
      cause,
    );
  }
}
