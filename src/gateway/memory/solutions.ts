import { z } from 'zod';
import { allowUnless, denied, type Reason, reason } from '../../lib/decision.ts';
import { fail } from '../../lib/errors.ts';
import {
  describeSolution,
  listSolutions,
  readSolution,
  type SolutionRow,
  searchSolutions,
} from '../../memory/solutions.ts';
import { event } from '../../store/log/events.ts';
import type { Grant } from '../../tiers/capability.ts';
import { id, project, text } from '../admission/inputs.ts';
import { mutation, query, t } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';

const solution = id.describe('The solution');

/** Solutions of errors: learned where a gate failed and a later attempt passed it, found again by the error. */
export function solutionRouter(gateway: Gateway) {
  const { store, git } = gateway;
  return t.router({
    search: query(gateway, {
      action: 'task:read',
      description:
        'Finds solutions of an error by its text, those of the very same error first. Nothing is applied by itself.',
      input: z.strictObject({
        project,
        error: text(4_000).describe('The error, or the end of the output that holds it'),
        limit: z.number().int().min(1).max(50).default(5),
      }),
      answer: (input) => searchSolutions(store, input.project, input),
    }),
    list: query(gateway, {
      action: 'task:read',
      description: 'Lists solutions of errors, the newest first.',
      input: z.strictObject({ project, limit: z.number().int().min(1).max(200).default(50) }),
      answer: (input) => listSolutions(store, input.project, input.limit),
    }),
    show: query(gateway, {
      action: 'task:read',
      description:
        'Shows a solution: the error, its cause, its fix, its record, and the patch between the failed and the passed commit, in the scope of its task.',
      input: z.strictObject({ project, solution }),
      answer: async (input, { grant }) => {
        const found = await readSolution(store, input.project, input.solution);
        if (found === undefined) throw fail('solution.missing', `solution/${input.solution}`);
        const { scope, ...row } = found;
        const ends = { base: row.failedCommit, candidate: row.fixedCommit };
        // A commit that git has swept is no fault of the solution: its words stay.
        const within = scope ?? undefined;
        const patch = await git.patch(input.project, ends, grant.cap, { within }).catch(() => null);
        return { ...row, patch };
      },
    }),
    describe: describeProcedure(gateway),
  });
}

function makerReasons({ sub, cap }: Grant, row: SolutionRow): Reason[] {
  if (cap.tier !== 'implementer' || row.fixedBy === sub) return [];
  return [reason('solution.maker', `solution/${row.id}`, { found: sub, limit: row.fixedBy })];
}

function describeProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'solution:write',
    description: 'Gives a solution its root cause and its fix in words, for whoever meets the error again.',
    input: z.strictObject({
      project,
      solution,
      cause: text(2_000).describe('The root cause'),
      fix: text(5_000).describe('The fix'),
    }),
    facts: (tx, { input }) => readSolution(tx, input.project, input.solution),
    decide: ({ grant, input, facts }) =>
      facts === undefined
        ? denied(reason('solution.missing', `solution/${input.solution}`))
        : allowUnless(makerReasons(grant, facts), facts),
    effect: (tx, { decided: { id: solutionId } }, { grant, input }) => {
      const { cause, fix } = input;
      describeSolution(tx, input.project, { id: solutionId, cause, fix, by: grant.sub });
      const described = event('solution.described', `solution/${solutionId}`, { cause, fix });
      return { answer: { solution: solutionId }, events: [described] };
    },
  });
}
