import type { EndCause } from '../runner/protocol.ts';
import type { Tier } from '../tiers/actions.ts';
import type { ReadVerdict, VerdictProblem } from './verdict-file.ts';

/** How a run ended: closed, every member is answered by `nextStep`. */
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

/** What is true of a run, whatever it says: counted from the log and the tables of the gateway. */
export interface RunTruth {
  /** Accepted pushes of its grant. */
  readonly pushes: number;
  /** Changes that it submitted, under the lease it had. */
  readonly submitted: number;
  /** Verdicts, manual gates, reports, plans, answers, spawns: what the other tiers produce. */
  readonly produced: number;
  /** It had a task, and neither holds it nor handed it over. */
  readonly lostTask: boolean;
  /** It asked a question that nobody has answered. */
  readonly waitsForAnswer: boolean;
  /** Verdicts and manual gates that it gave on the change that it was started for. */
  readonly judgements: number;
  /** The change that it was started for still waits for a verdict. */
  readonly changeWaits: boolean;
}

export interface RunEnd {
  readonly tier: Tier;
  readonly hasTask: boolean;
  /** It was started to judge a change. */
  readonly hasChange: boolean;
  readonly cause: EndCause;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly said: ReadVerdict;
  readonly truth: RunTruth;
}

export interface Judged {
  readonly outcome: Outcome;
  readonly note: string;
  /** The agent said one thing and the gateway knows another: the line stops. */
  readonly contradiction: boolean;
}

const judged = (outcome: Outcome, note: string, contradiction = false): Judged => ({
  outcome,
  note,
  contradiction,
});

const didNothing = ({ truth }: RunEnd): boolean =>
  truth.pushes === 0 && truth.submitted === 0 && truth.produced === 0;

/**
 * The outcome of a run from what its runner saw, what it said, and what is true. Pure. An exit status of 0 proves
 * nothing; a breach of a budget or of a time limit with nothing done is no progress.
 */
export function judgeRun(end: RunEnd): Judged {
  return byCause(end) ?? bySaying(end);
}

type OutcomeCause = RunEnd['cause'];

/** Causes that decide alone, whatever was said. */
const decided: Partial<Record<OutcomeCause, Judged>> = {
  stopped: judged('cancelled', 'it was told to end'),
  spawn_failed: judged('spawn_failed', 'it could not be started'),
  lost_lease: judged('lost_lease', 'its lease ended'),
  runner_ended: judged('lost_lease', 'its runner ended'),
};

/** What a breach comes to when something was done, and what is said of it. */
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
  if (end.truth.lostTask) return judged('lost_lease', 'its task is held by somebody else, or by nobody');
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

/** Work that was handed over is done, whatever the agent failed to write down; anything else is not. */
function withoutVerdict(end: RunEnd, problem: VerdictProblem, found = ''): Judged {
  const done = doneAllTheSame(end);
  if (done !== undefined) return judged('shipped', done);
  const crash = crashOf(end);
  if (problem === 'missing' && crash !== undefined) return judged('crashed', crash);
  const detail = found === '' ? '' : ` (${found})`;
  return judged('missing_verdict', `verdict ${problem.replaceAll('_', ' ')}${detail}`);
}

function doneAllTheSame({ cause, hasChange, truth }: RunEnd): string | undefined {
  if (cause === 'handed_over' && truth.submitted > 0)
    return 'it was ended after its change was submitted, before it wrote a verdict';
  return hasChange && truth.judgements > 0
    ? 'it gave its verdict on the change, and wrote none of its own'
    : undefined;
}

function crashOf({ exitCode, signal }: RunEnd): string | undefined {
  if (signal !== null) return `ended by ${signal}`;
  return exitCode === 0 || exitCode === null ? undefined : `exit status ${exitCode}`;
}

function shipped(end: RunEnd, summary: string): Judged {
  const { truth } = end;
  if (truth.waitsForAnswer) return judged('failed_verdict', 'it said shipped, but its question is open');
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
  const { judgements, changeWaits, submitted } = end.truth;
  if (end.hasChange) return judgements > 0 || !changeWaits;
  return end.hasTask ? submitted > 0 : !didNothing(end);
}
