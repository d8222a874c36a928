import { z } from 'zod';
import { allowUnless, type Reason } from '../../lib/decision.ts';
import { defined } from '../../lib/defined.ts';
import { limits } from '../../lib/limits.ts';
import { durationMs, type Plan } from '../../plan/plan.ts';
import { readStops } from '../../stops/rows.ts';
import { stopReasons } from '../../stops/stop-scope.ts';
import { event } from '../../store/log/events.ts';
import type { Tx } from '../../store/store.ts';
import { readHistory, type TaskHistory } from '../../tasks/attempts.ts';
import {
  type Candidate,
  type Claimant,
  claimReasons,
  pageSizes,
  readCandidates,
  secondPageMax,
  type TakenTask,
  takeOne,
} from '../../tasks/claim.ts';
import { fullReasons } from '../../tasks/in-progress.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import { unreadyReasons } from '../../tasks/unready.ts';
import type { Grant } from '../../tiers/capability.ts';
import type { Effect, Entering } from '../admission/definitions.ts';
import { name, project } from '../admission/inputs.ts';
import { mutation } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';

/** A task with what those before tried, and how they ended. */
type ClaimedWork = Omit<TakenTask, 'hasHistory'> & TaskHistory;

/** The answer of a claim: the task with the branch to push to, or null and the reasons why no task was taken. */
export interface ClaimAnswer {
  readonly task: ClaimedWork | null;
  readonly branch: string | null;
  readonly reasons: readonly Reason[];
}

/** Stops against the claim of a task, and those against the claim of every task. */
interface ClaimStops {
  readonly all: boolean;
  of(task: string): readonly Reason[];
}

interface ClaimFacts {
  readonly plan: Plan | undefined;
  readonly candidates: readonly Candidate[];
  readonly leaseMs: number;
  /** Reasons of limits on work in progress, which hold whatever the task. */
  readonly full: readonly Reason[];
  /** The stops that hold the claim of a task. */
  readonly stopped: ClaimStops;
  /** Reasons why the task requested by name is no candidate at all. */
  readonly unready: readonly Reason[];
}

/** The candidates that the claimant may take, and the reasons against the others. */
interface Sorted {
  readonly allowed: readonly Candidate[];
  readonly reasons: readonly Reason[];
}

/** Decides every candidate for a claimant. */
function sort(
  claimant: Claimant,
  { full, stopped }: Pick<ClaimFacts, 'full' | 'stopped'>,
  candidates: readonly Candidate[],
): Sorted {
  if (full.length > 0) return { allowed: [], reasons: full };
  const allowed: Candidate[] = [];
  const reasons: Reason[] = [];
  const stops = new Map<string, Reason>();
  for (const candidate of candidates) {
    const against = claimReasons(claimant, candidate);
    reasons.push(...against);
    if (against.length > 0) continue;
    // The stop is reported once, and only if nothing else keeps the work away.
    const held = stopped.of(candidate.id);
    for (const one of held) stops.set(one.subject, one);
    if (held.length === 0) allowed.push(candidate);
  }
  return { allowed, reasons: [...stops.values(), ...reasons] };
}

const claimInput = z.strictObject({
  project,
  task: name.optional(),
  leaseSeconds: z.number().int().min(5).max(3600).optional(),
});

type ClaimInput = z.infer<typeof claimInput>;

/** Claims of this process that read candidates at this moment: they find the same tasks. */
let looking = 0;

/** Reads candidates by growing pages, until a page holds a task that the claimant may take or there are no more. */
async function lookFor(
  tx: Tx,
  claimant: Claimant,
  input: ClaimInput,
  { stopped, planned }: { stopped: Promise<ClaimStops>; planned: Promise<Plan | undefined> },
): Promise<readonly Candidate[]> {
  const where = { project: input.project, task: input.task ?? claimant.cap.task };
  let found: readonly Candidate[] = [];
  const sizes = pageSizes(looking);
  looking++;
  try {
    for (const pageMax of sizes) {
      found = await readCandidates(tx, where, claimant, pageMax, planned);
      const stops = await stopped;
      const free = ({ id }: Candidate): boolean => stops.of(id).length === 0;
      if (
        stops.all ||
        found.length < pageMax ||
        found.some((candidate) => free(candidate) && claimReasons(claimant, candidate).length === 0)
      )
        return found;
    }
    return found;
  } finally {
    looking--;
  }
}

const unreadyNamed = async (tx: Tx, { project: projectName, task }: ClaimInput): Promise<Reason[]> =>
  task === undefined ? [] : unreadyReasons(tx, projectName, task);

async function takeAnother(
  tx: Tx,
  { claimant, judge }: DecidedClaim,
  input: ClaimInput,
  { plan, leaseMs }: ClaimFacts,
): Promise<TakenTask | undefined> {
  const where = { project: input.project, task: input.task ?? claimant.cap.task };
  const candidates = await readCandidates(tx, where, claimant, secondPageMax, Promise.resolve(plan));
  return takeOne(tx, input.project, claimant, judge(candidates).allowed, leaseMs);
}

/** The claimant, the allowed candidates, and the judgement itself for candidates that were not judged yet. */
interface DecidedClaim extends Sorted {
  readonly claimant: Claimant;
  readonly judge: (candidates: readonly Candidate[]) => Sorted;
}

const claimantOf = ({ sub, grantId, cap }: Grant): Claimant => ({ agent: sub, grantId, cap });

const leaseOf = (plan: Plan | undefined, wantedSeconds: number | undefined): number => {
  if (wantedSeconds !== undefined) return wantedSeconds * 1000;
  return plan === undefined ? limits.leaseMsDefault : durationMs(plan.lease);
};

const reviveClaim = (stored: ClaimAnswer): ClaimAnswer =>
  stored.task === null
    ? stored
    : {
        ...stored,
        task: {
          ...stored.task,
          leaseUntil: new Date(stored.task.leaseUntil),
          attempts: stored.task.attempts.map((one) => ({ ...one, at: new Date(one.at) })),
        },
      };

const noHistory: TaskHistory = { attempts: [], answers: [] };

async function claimFacts(
  tx: Tx,
  { grant, input, entered }: Entering<ClaimInput, unknown>,
): Promise<ClaimFacts> {
  const claimant = claimantOf(grant);
  // Sent behind the locks with the candidates, so that an acknowledged stop is seen.
  const reading = readStops(tx, input.project);
  const planned = entered.then(({ planHash }) => planAt(tx, input.project, planHash));
  const stopping = Promise.all([reading, planned]).then(
    ([stops, plan]): ClaimStops => ({
      all: stopReasons(stops, { what: 'claim', plan }).length > 0,
      of: (task) => stopReasons(stops, { what: 'claim', task, plan }),
    }),
  );
  stopping.catch(() => {});
  const first = lookFor(tx, claimant, input, { stopped: stopping, planned });
  first.catch(() => {});
  const plan = await planned;
  const full = await fullReasons(tx, input.project, claimant.agent, plan?.limits);
  const leaseMs = leaseOf(plan, input.leaseSeconds);
  const candidates = await first;
  const unready = candidates.length === 0 ? await unreadyNamed(tx, input) : [];
  return { plan, candidates, leaseMs, full, unready, stopped: await stopping };
}

/** The procedure `task.claim`: takes a ready task under a lease, or answers the reasons why none was taken. */
export function claimProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'task:claim',
    description:
      'Takes the most urgent task that is ready and that the caller can do, or the one named; answers null with reasons when there is none.',
    input: claimInput,
    access: ({ task }) => defined({ task }),
    facts: claimFacts,
    revive: reviveClaim,
    decide: ({ grant, input, facts }) => {
      const claimant = claimantOf(grant);
      const judge = (candidates: readonly Candidate[]) => sort(claimant, facts, candidates);
      const sorted = judge(facts.candidates);
      // A named task that may not be taken is refused; finding no task without a name is an answer.
      const isRefused = input.task !== undefined && sorted.allowed.length === 0;
      const against = isRefused ? [...sorted.reasons, ...facts.unready] : [];
      return allowUnless(against, { claimant, judge, ...sorted });
    },
    effect: async (tx, { decided }, { input, facts }): Promise<Effect<ClaimAnswer>> => {
      const { claimant, allowed, reasons } = decided;
      // Other claims may have taken every task of the first page; then the remaining ones are read.
      const taken =
        (await takeOne(tx, input.project, claimant, allowed, facts.leaseMs)) ??
        (allowed.length === 0 ? undefined : await takeAnother(tx, decided, input, facts));
      if (taken === undefined) {
        const against = [...reasons, ...(await unreadyNamed(tx, input))].slice(0, 20);
        return { answer: { task: null, branch: null, reasons: against }, events: [] };
      }
      const branch = `task/${taken.id}/${taken.epoch}/work`;
      const { hasHistory, ...task } = taken;
      const history = hasHistory ? await readHistory(tx, input.project, taken.id) : noHistory;
      return {
        answer: { task: { ...task, ...history }, branch, reasons: [] },
        events: [event('task.claimed', `task/${taken.id}`, { epoch: taken.epoch, leaseMs: facts.leaseMs })],
      };
    },
  });
}
