import { row } from '../code-row.ts';

/** Codes of the policies that read source text. */
export const codeCodes = {
  complexity: row(
    403,
    'refused',
    'a change adds no function above the limit for cyclomatic complexity, and makes no old one worse',
    'split the function',
  ),
  'function.length': row(
    403,
    'refused',
    'a change adds no function above the limit for length, and makes no old one longer',
    'split the function',
  ),
  'test.imported': row(
    403,
    'refused',
    'code outside of the tests imports no test code, which has other limits',
    'move what is shared out of the test code',
  ),
  'check.baseline': row(
    400,
    'usage',
    'a baseline is a file that andon check --write-baseline wrote',
    'andon check --write-baseline <file> .',
  ),
  'source.syntax': row(403, 'refused', 'source in scope parses without an error', 'repair the syntax error'),
  'source.language': row(
    403,
    'refused',
    'a file that reads as JavaScript or TypeScript is not started as another language, which is not measured',
    'take the `#!` line away, or give the file a name and a text of its language',
  ),
  'source.size': row(
    403,
    'refused',
    'a source file is at most 1 MB, 20,000 lines and 5,000 characters a line; an old one above that does not grow',
    'split the file',
  ),
  'source.opaque': row(
    403,
    'refused',
    'source hides no code from analysis (eval, new Function, string timers, data: imports, bodies in .d.ts)',
    'write the code out',
  ),
  'source.unmeasured': row(
    403,
    'refused',
    'code is in a language that is measured, where the plan asks for that',
    'write it in a measured language, or ask a person: checks.unmeasured, or an exception',
  ),
  'source.timeout': row(
    403,
    'refused',
    'source can be analysed within the deadline',
    'simplify the file; deep nesting is the usual cause',
  ),
  'source.crash': row(
    403,
    'refused',
    'source can be analysed without breaking the analyser',
    'simplify the file; deep nesting is the usual cause',
  ),
  'source.busy': row(
    503,
    'failed',
    'source is judged by an analyser that runs and has room in its queue',
    'try again in a moment',
  ),
  'source.unreadable': row(403, 'refused', 'source is valid UTF-8 text', 'save the file as UTF-8'),
} as const;
