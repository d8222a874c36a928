import type { EndCause } from '../runner/protocol.ts';
import type { Tier } from '../tiers/actions.ts';
import type { ReadVerdict, VerdictProblem } from './verdict-file.ts';

/** The outcome of a run: a closed list, every member of which has a row in `nextStep`. */
export type Outcome =
  | 'shipped'
  | 'no_progress'
  | 'missing_verdict'
  | 'failed_verdict'
  | 'halted'
  | 'timed_out'
  | 'over_budget'
  | 'crashed'
  | 'lost_lease'
  | 'cancelled'
  | 'spawn_failed';

export const outcomes: readonly Outcome[] = [
  'shipped',
  'no_progress',
  'missing_verdict',
  'failed_verdict',
  'halted',
  'timed_out',
  'over_budget',
  'crashed',
  'lost_lease',
  'cancelled',
  'spawn_failed',
];

/** The evidence about a run, against its own claims: counted from the log and the tables of the gateway. */
export interface RunEvidence {
  /** Accepted pushes of its grant. */
  readonly pushes: number;
  /** Changes that the run submitted, under its lease. */
  readonly submitted: number;
  /** Output of the other tiers: verdicts, manual gates, reports, plans, answers, spawns. */
  readonly produced: number;
  /** True when the run had a task, and neither holds it nor handed it over. */
  readonly lostTask: boolean;
  /** True when a question of the run is still unanswered. */
  readonly waitsForAnswer: boolean;
  /** Verdicts and manual gates that it gave on the change that it was started for. */
  readonly judgements: number;
  /** The change that it was started for still waits for a verdict. */
  readonly changeWaits: boolean;
}

/** The end of a run, as its runner reported it, with verdict and evidence. */
export interface RunEnd {
  readonly tier: Tier;
  readonly hasTask: boolean;
  /** It was started to judge a change. */
  readonly hasChange: boolean;
  readonly cause: EndCause;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly said: ReadVerdict;
  readonly evidence: RunEvidence;
}

/** The judgement of a run. */
export interface Judged {
  readonly outcome: Outcome;
  readonly note: string;
  /** True when the agent's claim contradicts the gateway's evidence, which stops the line. */
  readonly contradiction: boolean;
}

const judged = (outcome: Outcome, note: string, contradiction = false): Judged => ({
  outcome,
  note,
  contradiction,
});

const didNothing = ({ evidence }: RunEnd): boolean =>
  evidence.pushes === 0 && evidence.submitted === 0 && evidence.produced === 0;

/**
 * Judges the outcome of a run from the report of its runner, its verdict, and the evidence. Pure. Exit code 0
 * proves nothing; a breach of a budget or of a time limit without any work done is no progress.
 */
export function judgeRun(end: RunEnd): Judged {
  return byCause(end) ?? bySaying(end);
}

type OutcomeCause = RunEnd['cause'];

/** Causes that decide alone, regardless of the verdict. */
const decided: Partial<Record<OutcomeCause, Judged>> = {
  stopped: judged('cancelled', 'it was told to end'),
  spawn_failed: judged('spawn_failed', 'it could not be started'),
  lost_lease: judged('lost_lease', 'its lease ended'),
  runner_ended: judged('lost_lease', 'its runner ended'),
};

/** The outcome of a breach after some work was done, and its note. */
const breaches: Partial<Record<OutcomeCause, readonly [Outcome, string]>> = {
  no_progress: ['no_progress', 'it went round in circles'],
  over_budget: ['over_budget', 'its budget is spent'],
  timed_out: ['timed_out', 'its time is up'],
  idle: ['timed_out', 'it did nothing for too long'],
};

function byCause(end: RunEnd): Judged | undefined {
  const alone = decided[end.cause];
  if (alone !== undefined) return alone;
  const { verdict } = end.said;
  if (verdict !== undefined && verdict.result === 'halted') return judged('halted', verdict.summary);
  if (end.evidence.lostTask) return judged('lost_lease', 'its task is held by somebody else, or by nobody');
  const breach = breaches[end.cause];
  if (breach === undefined) return undefined;
  const [outcome, words] = breach;
  return didNothing(end)
    ? judged('no_progress', `${words}; nothing was pushed or handed over`)
    : judged(outcome, words);
}

function bySaying(end: RunEnd): Judged {
  const { said } = end;
  if (said.verdict === undefined) return withoutVerdict(end, said.problem, said.found);
  const { result, summary } = said.verdict;
  if (result === 'failed') return judged('failed_verdict', summary);
  if (result === 'no_progress') return judged('no_progress', summary);
  return shipped(end, summary);
}

/** Judges a run without a valid verdict: work that was handed over counts as done, anything else does not. */
function withoutVerdict(end: RunEnd, problem: VerdictProblem, found = ''): Judged {
  const done = doneAllTheSame(end);
  if (done !== undefined) return judged('shipped', done);
  const crash = crashOf(end);
  if (problem === 'missing' && crash !== undefined) return judged('crashed', crash);
  const detail = found === '' ? '' : ` (${found})`;
  return judged('missing_verdict', `verdict ${problem.replaceAll('_', ' ')}${detail}`);
}

function doneAllTheSame({ cause, hasChange, evidence }: RunEnd): string | undefined {
  if (cause === 'handed_over' && evidence.submitted > 0)
    return 'it was ended after its change was submitted, before it wrote a verdict';
  return hasChange && evidence.judgements > 0
    ? 'it gave its verdict on the change, and wrote none of its own'
    : undefined;
}

function crashOf({ exitCode, signal }: RunEnd): string | undefined {
  if (signal !== null) return `ended by ${signal}`;
  return exitCode === 0 || exitCode === null ? undefined : `exit status ${exitCode}`;
}

function shipped(end: RunEnd, summary: string): Judged {
  const { evidence } = end;
  if (evidence.waitsForAnswer) return judged('failed_verdict', 'it said shipped, but its question is open');
  if (isBacked(end)) return judged('shipped', summary);
  if (didNothing(end)) return judged('no_progress', 'it said shipped, and nothing was done', true);
  if (end.hasChange) return judged('failed_verdict', 'it said shipped, but gave no verdict on its change');
  return judged('failed_verdict', 'it said shipped, but no change was submitted');
}

/**
 * A change counts as judged by a verdict on it, from whomever; a task as handed over by a submission alone; without either, a
 * run has done what its tier produces.
 */
function isBacked(end: RunEnd): boolean {
  const { judgements, changeWaits, submitted } = end.evidence;
  if (end.hasChange) return judgements > 0 || !changeWaits;
  return end.hasTask ? submitted > 0 : !didNothing(end);
}
