import { z } from 'zod';
import { globFault } from '../lib/globs.ts';
import { glob as anyGlob, text } from '../lib/schemas.ts';
import { exceptionRules } from '../policies/code-exceptions.ts';
import { languageNames } from '../policies/measure/source-kind.ts';

const glob = anyGlob.refine((one) => globFault(one) === undefined, {
  error: ({ input }) => globFault(String(input)) ?? 'a glob',
});

const row = z
  .strictObject({
    paths: z.array(glob).min(1).max(64).optional().describe('Globs of the files; every file when absent'),
    languages: z
      .array(z.enum(languageNames))
      .min(1)
      .max(languageNames.length)
      .optional()
      .describe('Languages of the files, by the ends of their names; every file when absent'),
    complexity: z.number().int().min(1).max(1000).optional(),
    functionLines: z.number().int().min(1).max(100_000).optional(),
  })
  .refine(
    ({ complexity, functionLines }) => complexity !== undefined || functionLines !== undefined,
    'a row names `complexity`, `functionLines` or both',
  );

const numbered: readonly string[] = ['complexity', 'function.length'];

const exception = z
  .strictObject({
    path: glob.describe('A path or a glob'),
    function: text(400)
      .optional()
      .describe('The name of a function as refusals give it, such as `Cart.add`; the whole file when absent'),
    rule: z.enum(exceptionRules),
    limit: z
      .number()
      .int()
      .min(1)
      .max(100_000)
      .optional()
      .describe(
        'The limit that holds instead: for `complexity` and `function.length`, and for no other rule',
      ),
    until: z.iso.date().describe('The last day of the exception, in UTC'),
    reason: text(2000).describe('Why the rule does not hold there'),
  })
  .refine(
    ({ rule, limit }) => numbered.includes(rule) === (limit !== undefined),
    '`limit` stands with `complexity` and `function.length`, and with no other rule',
  );

/** The member `checks` of a plan: limits by path, test code, and exceptions. Only a person changes it. */
export const checkSettings = z
  .strictObject({
    tests: z
      .array(glob)
      .max(128)
      .optional()
      .describe(
        'Globs of test code; only there callbacks of describe, it and their kin have no limit for length',
      ),
    limits: z
      .array(row)
      .max(128)
      .optional()
      .describe('Limits for some files; of several rows for a file the last one wins'),
    unmeasured: z
      .enum(['name', 'refuse'])
      .optional()
      .describe('Code in a language without an adapter is named (the default) or refused'),
    exceptions: z
      .array(exception)
      .max(256)
      .optional()
      .describe('Decisions that a rule does not hold for some code until a day'),
  })
  .describe('What pushes, `andon check` and audits judge by; only a person changes it');
