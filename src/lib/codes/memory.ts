import { row } from '../code-row.ts';

/** Codes of decisions and solutions. */
export const memoryCodes = {
  'decision.missing': row(404, 'notFound', 'the decision is one of the project', 'andon decision list'),
  'decision.superseded': row(
    409,
    'conflict',
    'a decision is superseded once',
    'supersede the decision that stands: andon decision show <decision>',
  ),
  'decision.file': row(
    400,
    'usage',
    'a file of decisions has the form of MADR',
    'mend the line named; andon decision export writes the form',
  ),
  'solution.maker': row(
    403,
    'refused',
    'a solution is described by the agent that found it, an executive or a person',
    'write to an executive what you know',
  ),
  'solution.missing': row(404, 'notFound', 'the solution is one of the project', 'andon solution list'),
} as const;
