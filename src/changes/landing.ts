import { newId } from '../process/new-id.ts';
import type { Session } from '../store/store.ts';
import type { SystemTransaction } from '../store/system-transaction.ts';
import type { ChangeRow } from '../tasks/rows.ts';
import type { NamedGate } from './gates.ts';
import type { GitPort } from './git-port.ts';
import {
  concludeLanding,
  intend,
  nextToLand,
  rebind,
  refuseConflict,
  staleIntents,
  voidLanding,
} from './landing-rows.ts';

/** Ports through which landing reads the store and moves main. */
export interface LandingPorts {
  readonly git: GitPort;
  /** Session for looking for work, without a lock. */
  readonly session: Session;
  /** Runs `work` in a transaction of Andon itself: under the project's exclusive lock, with its events appended. */
  readonly systemTransaction: SystemTransaction;
  readonly gatesOf: (change: ChangeRow) => Promise<readonly NamedGate[]>;
  readonly titleOf: (change: ChangeRow) => Promise<string>;
  /** Names this process in intents. */
  readonly owner: string;
  /** Called at named points, so that tests can end the process there. */
  readonly at?: (point: LandingPoint) => void;
}

/** A point of landing at which tests can end the process. */
export type LandingPoint = 'before-intent' | 'after-intent' | 'after-move' | 'after-done';

/** The outcome of one attempt to land. */
export type LandingOutcome = 'nothing' | 'landed' | 'rebuilt' | 'conflict' | 'again';

/**
 * Lands at most one change of the project: intent row, fenced compare-and-swap of main, done row. `reconcile`
 * finishes or voids a landing that crashed between the steps; a process that wakes late finds its fence
 * raised and moves nothing.
 */
export async function landOne(ports: LandingPorts, project: string): Promise<LandingOutcome> {
  const { git, session } = ports;
  const change = await nextToLand(session, project);
  if (change === undefined) return 'nothing';
  const main = await git.main(project);
  if (main !== change.base) return rebuildOn(ports, change);
  return moveTo(ports, change, main);
}

async function rebuildOn(
  { git, systemTransaction, gatesOf }: LandingPorts,
  change: ChangeRow,
): Promise<LandingOutcome> {
  const rebuilt = await git.rebuild(change.project, change.commitId);
  if ('conflicts' in rebuilt) {
    await systemTransaction(change.project, async (tx) => ({
      result: undefined,
      events: await refuseConflict(tx, change, rebuilt.conflicts),
    }));
    return 'conflict';
  }
  const samePatch = await git.samePatch(change.project, change, rebuilt);
  const gates = await gatesOf(change);
  await git.keepCandidate(change.project, change.id, rebuilt.candidate);
  await systemTransaction(change.project, async (tx) => ({
    result: undefined,
    events: await rebind(tx, change, { ...rebuilt, samePatch }, gates),
  }));
  return 'rebuilt';
}

async function moveTo(ports: LandingPorts, change: ChangeRow, oldMain: string): Promise<LandingOutcome> {
  const { git, systemTransaction, owner } = ports;
  const { project } = change;
  const event = newId('event');
  const fence = await git.fence(project);
  const message = landingMessage(change, await ports.titleOf(change), event);
  const newMain = await git.landingCommit(project, {
    main: oldMain,
    commit: change.commitId,
    tree: change.tree,
    message,
    at: change.stateAt,
  });
  const intent = { id: newId('landing'), event, change, oldMain, newMain, fence, owner };
  ports.at?.('before-intent');
  const intended = await systemTransaction(project, async (tx) => {
    const events = await intend(tx, intent);
    return { result: events !== undefined, events: events ?? [] };
  });
  if (!intended) return 'again';
  ports.at?.('after-intent');
  const moved = await git.moveMain(project, { change: change.id, oldMain, newMain, fence });
  ports.at?.('after-move');
  const landing = { id: intent.id, project, change: change.id, oldMain, newMain };
  await systemTransaction(project, async (tx) => ({
    result: undefined,
    events: moved
      ? await concludeLanding(tx, landing)
      : await voidLanding(tx, landing, 'main or fence had moved'),
  }));
  ports.at?.('after-done');
  if (moved) await git.dropCandidate(project, change.id);
  return moved ? 'landed' : 'again';
}

/** The message of a landing; the trailers name the change, the task and the event of the intent. */
function landingMessage(
  change: Pick<ChangeRow, 'id' | 'task' | 'author'>,
  title: string,
  event: string,
): string {
  const subject = `Land ${change.task}: ${title}`.replace(/[\r\n]+/g, ' ').slice(0, 200);
  return `${subject}\n\nAndon-Task: ${change.task}\nAndon-Change: ${change.id}\nAndon-Author: ${change.author}\nAndon-Audit: ${event}\n`;
}

/**
 * Finishes or voids unconcluded landings. The fence is raised first, so that the process that wrote the
 * intent, if it was only paused, can no longer move main; only after that main is read.
 */
export async function reconcile(
  { git, session, systemTransaction }: LandingPorts,
  project: string,
  olderThanMs: number,
): Promise<number> {
  const stale = await staleIntents(session, project, olderThanMs);
  for (const landing of stale) {
    await git.raiseFence(project);
    const landed = await git.landed(project, landing.newMain);
    await systemTransaction(project, async (tx) => ({
      result: undefined,
      events: landed
        ? await concludeLanding(tx, landing)
        : await voidLanding(tx, landing, 'recovered after a crash'),
    }));
  }
  return stale.length;
}
