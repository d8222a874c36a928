import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { fail } from '../../lib/errors.ts';
import { limits } from '../../lib/limits.ts';
import { checkSettings } from '../../plan/check-settings.ts';
import { baseLimits, rulesOfPlan } from '../../plan/rules-of-plan.ts';
import type { CodeLimits } from '../../policies/altered.ts';
import type { CodeRules } from '../../policies/code-rules.ts';

const positive = z.number().int().min(1);

// Only the members that are read here; applying a plan judges the whole of it.
const planRules = z.object({
  limits: z
    .object({ implementer: z.object({ complexity: positive, functionLines: positive }).partial() })
    .partial()
    .optional(),
  checks: checkSettings.optional(),
});

/** Limits from the command line. */
export interface GivenLimits {
  readonly complexity?: number;
  readonly lines?: number;
}

/** The rules of a check, with the limits that they start from. */
export interface CheckRules {
  readonly limits: CodeLimits;
  readonly rules: CodeRules;
}

/**
 * Rules of `andon.yaml` at `root`, else the defaults. Limits that are given hold for all code, whatever the plan says
 * for some paths. Throws `plan.invalid`.
 */
export async function checkRules(given: GivenLimits, root: string, nowMs: number): Promise<CheckRules> {
  const plan = await readPlan(root);
  const found = rulesOfPlan(plan, nowMs);
  const limitsOf: CodeRules['limitsOf'] = (path, unit) => ({ ...found.limitsOf(path, unit), ...given });
  return { limits: { ...baseLimits(plan), ...given }, rules: { ...found, limitsOf } };
}

async function readPlan(root: string): Promise<z.infer<typeof planRules>> {
  const text = await readFile(join(root, 'andon.yaml'), 'utf8').catch(() => undefined);
  if (text === undefined) return {};
  const found = planRules.safeParse(parseYaml(text));
  if (!found.success) throw fail('plan.invalid', 'andon.yaml', { found: z.prettifyError(found.error) });
  return found.data;
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
