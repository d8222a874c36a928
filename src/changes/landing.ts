import { newId } from '../process/new-id.ts';
import { type Session, statement, type Tx } from '../store/store.ts';
import type { SystemTransaction } from '../store/system-transaction.ts';
import { readPlan } from '../tasks/plan-apply.ts';
import type { GitPort } from './git-port.ts';
import {
  concludeLanding,
  type IntendedMember,
  intend,
  type LandingRow,
  staleIntents,
  voidLanding,
} from './landing-rows.ts';
import { type QueueEntry, readEntries, readHolds } from './queue/entries.ts';
import type { SyncPoint } from './syncs.ts';

/** Ports through which landing reads the store and moves main. */
export interface LandingPorts {
  readonly git: GitPort;
  /** Session for looking for work, without a lock. */
  readonly session: Session;
  /** Runs `work` in a transaction of Andon itself: under the project's exclusive lock, with its events appended. */
  readonly systemTransaction: SystemTransaction;
  /** Names this process in intents. */
  readonly owner: string;
  /** Called at named points, so that tests can end the process there. */
  readonly at?: (point: LandingPoint) => void;
}

/** A point of a landing, or of a sync, at which tests can end the process. */
export type LandingPoint =
  | 'built'
  | 'stepped-aside'
  | 'before-intent'
  | 'after-intent'
  | 'after-move'
  | 'after-done'
  | SyncPoint;

/** Changes that land in one swap of main, in their order, each with the tree that main has after it. */
export interface Swap {
  readonly project: string;
  readonly main: string;
  readonly members: readonly { readonly entry: QueueEntry; readonly tree: string }[];
  /** The tree that gates passed on: that of the last member. */
  readonly tree: string;
  /** Ids of the runs that vouch for the tree, and the plan whose gates they passed. */
  readonly vouchedBy: readonly string[];
  readonly planHash: string | null;
}

/**
 * Lands the changes of a swap: an intent for each in one transaction, one fenced compare-and-swap of main, and their
 * ends in one transaction. `reconcile` finishes or voids a landing that crashed between the steps; a process that wakes
 * late finds its fence raised and moves nothing. Answers where main is now; undefined when it has not moved.
 */
export async function land(ports: LandingPorts, swap: Swap): Promise<string | undefined> {
  const { git, at = () => {} } = ports;
  const { project, main, vouchedBy } = swap;
  const fence = await git.fence(project);
  const members = await landingCommits(ports, swap);
  const newMain = members.at(-1)?.newMain ?? main;
  at('before-intent');
  if (!(await intended(ports, swap, fence, members))) return undefined;
  at('after-intent');
  const moved = await git.moveMain(project, { oldMain: main, newMain, fence });
  at('after-move');
  const landings = members.map(({ id, change, newMain: to }, index) => ({
    id,
    project,
    change,
    oldMain: members[index - 1]?.newMain ?? main,
    newMain: to,
    position: index + 1,
    batch: members.length,
    vouchedBy: [...vouchedBy],
  }));
  await conclude(ports, project, landings, moved ? undefined : 'main or fence had moved');
  at('after-done');
  return moved ? newMain : undefined;
}

/** Writes the intents, unless another plan has been applied since the runs passed, or something holds a member. */
const intended = (
  { systemTransaction, owner }: LandingPorts,
  swap: Swap,
  fence: string,
  members: readonly IntendedMember[],
): Promise<boolean> =>
  systemTransaction(swap.project, async (tx, { planHash }) => {
    const { project, main: oldMain, tree: vouchedTree, vouchedBy } = swap;
    const isFree = planHash === swap.planHash && (await stillVouched(tx, swap)) && (await mayLand(tx, swap));
    const intent = { project, oldMain, fence, owner, members, vouchedTree, vouchedBy };
    const events = isFree ? await intend(tx, intent) : undefined;
    return { result: events !== undefined, events: events ?? [] };
  });

const standing = statement(
  'landing.vouchersStanding',
  `select count(*)::int as n from gate_runs where id = any($1::text[]) and status = 'passed'`,
);

/** True while every run that vouches for the swap counts: one may have been voided since it was read. */
async function stillVouched(tx: Tx, { vouchedBy }: Swap): Promise<boolean> {
  if (vouchedBy.length === 0) return true;
  const [row] = await tx.rows<{ n: number }>(standing, [vouchedBy]);
  return row?.n === vouchedBy.length;
}

/** Asks again, under the project's lock, for everything that holds a change. */
async function mayLand(tx: Tx, { project, members }: Swap): Promise<boolean> {
  const swapped = new Set(members.map(({ entry }) => entry.id));
  // The others are read as well: a change may need one of them that is held.
  const entries = await readEntries(tx, project);
  const { held } = await readHolds(tx, project, entries, await readPlan(tx, project));
  return entries.filter(({ id }) => swapped.has(id) && !held.has(id)).length === swapped.size;
}

/** Writes the merge commit of each member on that of the one before it; moves no ref. */
async function landingCommits({ git }: LandingPorts, swap: Swap): Promise<IntendedMember[]> {
  const { project, members } = swap;
  const made: IntendedMember[] = [];
  let main = swap.main;
  for (const [index, { entry, tree }] of members.entries()) {
    const event = newId('event');
    const message = landingMessage(entry, event, vouchingLines(swap, index + 1));
    const parts = { main, commit: entry.commitId, tree, message, at: entry.stateAt };
    main = await git.landingCommit(project, parts);
    made.push({ id: newId('landing'), event, change: entry.id, newMain: main, tree });
  }
  return made;
}

const vouchingLines = ({ members, tree, vouchedBy }: Swap, position: number): string =>
  vouchedBy
    .map(
      (run) =>
        `Andon-Vouched: by ${run} on ${tree.slice(0, 12)}, position ${position} of ${members.length}\n`,
    )
    .join('');

/** The message of a landing; the trailers name the change, the task, the event of the intent, and the runs that vouch. */
function landingMessage({ id, task, title, author }: QueueEntry, event: string, vouching: string): string {
  const subject = `Land ${task}: ${title}`.replace(/[\r\n]+/g, ' ').slice(0, 200);
  return `${subject}\n\nAndon-Task: ${task}\nAndon-Change: ${id}\nAndon-Author: ${author}\nAndon-Audit: ${event}\n${vouching}`;
}

/** Ends the landings of a swap in one transaction: as done, or void for a reason. */
const conclude = (
  { systemTransaction }: LandingPorts,
  project: string,
  landings: readonly Parameters<typeof concludeLanding>[1][],
  voidedFor: string | undefined,
): Promise<void> =>
  systemTransaction(project, async (tx) => {
    const events = [];
    for (const landing of landings)
      events.push(
        ...(voidedFor === undefined
          ? await concludeLanding(tx, landing)
          : await voidLanding(tx, landing, voidedFor)),
      );
    return { result: undefined, events };
  });

/**
 * Finishes or voids unconcluded landings. The fence is raised first, so that the process that wrote the
 * intents, if it was only paused, can no longer move main; only after that main is read. Of one swap all have landed or
 * none has.
 */
export async function reconcile(ports: LandingPorts, project: string, olderThanMs: number): Promise<number> {
  const { git, session } = ports;
  const stale = await staleIntents(session, project, olderThanMs);
  const last: LandingRow | undefined = stale.at(-1);
  if (last === undefined) return 0;
  await git.raiseFence(project);
  const landed = await git.landed(project, last.newMain);
  await conclude(ports, project, stale, landed ? undefined : 'recovered after a crash');
  return stale.length;
}
