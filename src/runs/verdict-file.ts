import { z } from 'zod';
import { readJson } from '../lib/json.ts';
import { limits } from '../lib/limits.ts';
import { plainTextPattern } from '../lib/names.ts';
import type { FileProblem } from '../runner/protocol.ts';

/** Largest verdict file that is read, in bytes. */
export const { verdictBytesMax } = limits;

const text = (max: number) => z.string().min(1).max(max).regex(plainTextPattern, 'plain text');

/**
 * Schema of the file that an agent writes at the end of its run, at the path in ANDON_VERDICT. The file holds
 * the agent's beliefs; commits, changes and gates are the evidence.
 */
const verdictSchema = z.strictObject({
  version: z.literal(1),
  /** Id of the run that the verdict is about (ANDON_RUN): a verdict of another run is foreign. */
  run: z.string().max(64),
  /** Epoch of the lease that the work was done under (ANDON_EPOCH), for a run with a task. */
  epoch: z.number().int().min(1).optional(),
  result: z.enum(['shipped', 'failed', 'no_progress', 'halted']),
  summary: text(4000),
  /** The output of the work: a commit, a change, a report. */
  output: text(400).optional(),
  evidence: z.array(text(1000)).max(50).default([]),
  /** Obstacles; the executive tier is told of them at once. */
  blockers: z.array(text(1000)).max(20).default([]),
  /** Implications that the tasks after this one should know. */
  implications: z.array(text(1000)).max(20).default([]),
  /** Confidence of the agent, 0 to 1. */
  confidence: z.number().min(0).max(1).optional(),
});

/** The content of a valid verdict file. */
export type VerdictFile = z.infer<typeof verdictSchema>;

/** The reason why a verdict file is invalid. */
export type VerdictProblem = FileProblem | 'not_json' | 'malformed' | 'foreign' | 'stale';

/** A verdict, or the reason why there is none. */
export type ReadVerdict =
  | { readonly verdict: VerdictFile; readonly problem?: never }
  | { readonly problem: VerdictProblem; readonly found?: string; readonly verdict?: never };

/**
 * The content of the verdict's path, as the runner found it: the text of a plain file, or the reason why
 * there is none.
 */
export type VerdictSource =
  | { readonly text: string; readonly problem?: never }
  | { readonly problem: FileProblem; readonly text?: never };

/**
 * Reads a verdict strictly, for one run under one lease. Any file that is not exactly a verdict of that run
 * is a problem.
 */
export function readVerdict(source: VerdictSource, run: { id: string; epoch: number | null }): ReadVerdict {
  if (source.problem !== undefined) return { problem: source.problem };
  const parsed = parse(source.text);
  return parsed.verdict === undefined ? parsed : belongs(parsed.verdict, run);
}

function parse(text: string): ReadVerdict {
  if (Buffer.byteLength(text) > verdictBytesMax) return { problem: 'too_large' };
  const read = readJson(text);
  if (read.fault === 'syntax') return { problem: 'not_json', found: read.found };
  if (read.fault !== undefined) return { problem: 'malformed', found: 'verdict: a member `__proto__`' };
  const parsed = verdictSchema.safeParse(read.value);
  return parsed.success
    ? { verdict: parsed.data }
    : { problem: 'malformed', found: firstIssue(parsed.error) };
}

/** The problem of a verdict of another run (foreign) or of an earlier lease (stale); undefined when it belongs. */
function belongs(verdict: VerdictFile, run: { id: string; epoch: number | null }): ReadVerdict {
  if (verdict.run !== run.id) return { problem: 'foreign', found: verdict.run };
  if (run.epoch === null || verdict.epoch === run.epoch) return { verdict };
  return { problem: 'stale', found: `epoch ${verdict.epoch ?? 'none'}, not ${run.epoch}` };
}

const firstIssue = ({ issues: [issue] }: z.ZodError): string =>
  issue === undefined ? '' : `${issue.path.join('.') || 'verdict'}: ${issue.message}`.slice(0, 300);
