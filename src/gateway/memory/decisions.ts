import { z } from 'zod';
import { allowUnless, type Reason, reason } from '../../lib/decision.ts';
import { fail } from '../../lib/errors.ts';
import { globFault } from '../../lib/globs.ts';
import {
  type DecisionRow,
  decisionsTouching,
  listDecisions,
  putDecision,
  readDecision,
  supersedeReasons,
} from '../../memory/decisions.ts';
import { decisionFiles } from '../../memory/export-decisions.ts';
import { searchDecisions } from '../../memory/search-decisions.ts';
import { newId } from '../../process/new-id.ts';
import { event } from '../../store/log/events.ts';
import { id, project, text, textOrEmpty } from '../admission/inputs.ts';
import { mutation, query, t } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';

const limit = z.number().int().min(1).max(200).default(50);
const all = z.boolean().default(false).describe('Also those that were superseded');

/** Decisions: executives and people write them, everybody finds them again. */
export function decisionRouter(gateway: Gateway) {
  const { store } = gateway;
  return t.router({
    write: writeProcedure(gateway),
    show: query(gateway, {
      action: 'event:read',
      description: 'Shows a decision with its reasons and the alternatives that it rejects.',
      input: z.strictObject({ project, decision: id.describe('The decision') }),
      answer: async (input) => {
        const row = await readDecision(store, input.project, input.decision);
        if (row === undefined) throw fail('decision.missing', `decision/${input.decision}`);
        return row;
      },
    }),
    list: query(gateway, {
      action: 'event:read',
      description: 'Lists decisions, the newest first; with a path those that affect it.',
      input: z.strictObject({ project, path: text(1024).optional().describe('A path or glob'), all, limit }),
      answer: (input): Promise<DecisionRow[]> => {
        if (input.path === undefined) return listDecisions(store, input.project, input);
        const [fault] = globReasons([input.path]);
        if (fault !== undefined) throw fail(fault.code, fault.subject, { found: fault.found ?? '' });
        return decisionsTouching(store, input.project, [input.path], input.limit);
      },
    }),
    files: query(gateway, {
      action: 'event:read',
      description: 'Answers every decision as a file of the form of MADR, for a folder of the repository.',
      input: z.strictObject({ project }),
      answer: (input) => decisionFiles(store, input.project),
    }),
    search: query(gateway, {
      action: 'event:read',
      description: 'Finds decisions by words, the best first. No sign in the query is an operator.',
      input: z.strictObject({
        project,
        query: text(1_000).describe('Words that the decision may hold'),
        all,
        limit: z.number().int().min(1).max(50).default(10),
      }),
      answer: (input) => searchDecisions(store, input.project, input),
    }),
  });
}

const writeInput = z.strictObject({
  project,
  question: text(300).describe('The question that is decided, in one line'),
  decision: text(10_000).describe('The decision'),
  rationale: textOrEmpty(20_000).default('').describe('The reasons for it'),
  rejected: z
    .array(
      z.strictObject({
        option: text(500).describe('An alternative'),
        reason: textOrEmpty(5_000).default('').describe('The reason against it'),
      }),
    )
    .max(50)
    .default([])
    .describe('Alternatives that were rejected'),
  confidence: z.number().min(0).max(1).optional().describe('From 0 to 1'),
  affects: z
    .array(z.string().min(1).max(1024))
    .max(64)
    .default([])
    .describe('Globs of the paths that it affects'),
  supersedes: id.optional().describe('The decision that it takes the place of'),
});

const globReasons = (globs: readonly string[]): Reason[] =>
  globs.flatMap((glob) => {
    const fault = globFault(glob);
    return fault === undefined ? [] : [reason('scope.glob', glob, { found: fault })];
  });

function writeProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'decision:write',
    description:
      'Records a decision for everybody: question, decision, reasons, rejected alternatives, paths.',
    input: writeInput,
    // Two that supersede one decision go one at a time: the second finds it superseded.
    exclusive: true,
    facts: async (tx, { input }) =>
      input.supersedes === undefined ? undefined : readDecision(tx, input.project, input.supersedes),
    decide: ({ input, facts }) =>
      allowUnless([
        ...globReasons(input.affects),
        ...(input.supersedes === undefined ? [] : supersedeReasons(input.supersedes, facts)),
      ]),
    effect: async (tx, _permit, { grant, input, facts }) => {
      const { confidence = null, supersedes: _named, ...words } = input;
      const decision = newId('decision');
      const supersedes = facts?.id ?? null;
      const draft = { ...words, id: decision, confidence, supersedes, madeBy: grant.sub };
      const number = await putDecision(tx, draft);
      const data = { number, question: input.question, affects: input.affects, supersedes };
      return {
        answer: { decision, number },
        events: [event('decision.recorded', `decision/${decision}`, data)],
      };
    },
  });
}
