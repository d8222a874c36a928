import { join } from 'node:path';
import { findLeftovers } from '../../src/git/locks.ts';
import { type Endpoint, type Ledger, project } from './fault-line.ts';
import { git, mustGit } from './gateway.ts';
import { waitUntil } from './wait.ts';

export interface LoggedEvent {
  readonly position: number;
  readonly id: string;
  readonly type: string;
  readonly subject: string;
  readonly data: Record<string, unknown>;
}

/** Every event of the project, oldest first. */
export async function allEvents({ owner }: Endpoint): Promise<LoggedEvent[]> {
  const events: LoggedEvent[] = [];
  for (let after = 0; ; ) {
    const page = await owner.event.list.query({ project, after, limit: 1000 });
    events.push(...page.events);
    const last = page.events.at(-1);
    if (last === undefined) return events;
    after = last.position;
  }
}

/** The conditions that hold after any fault; answers every breach in words, none when all is well. */
export async function breaches(endpoint: Endpoint, ledger: Ledger, gitDir: string): Promise<string[]> {
  await untilSequenced(endpoint);
  const events = await allEvents(endpoint);
  const landed = await landedOnMain(gitDir);
  return [
    ...(await chainBreaches(endpoint)),
    ...landingBreaches(events, landed),
    ...claimBreaches(events, ledger),
    ...(await workBreaches(endpoint, ledger, gitDir, landed)),
    ...(await repositoryBreaches(gitDir)),
  ];
}

const untilSequenced = ({ owner }: Endpoint): Promise<void> =>
  waitUntil(async () => (await owner.audit.verify.query({ project: '*' })).unplaced === 0);

async function chainBreaches({ owner }: Endpoint): Promise<string[]> {
  const { fault } = await owner.audit.verify.query({ project: '*' });
  return fault === null ? [] : [`the chain is broken: ${JSON.stringify(fault)}`];
}

/** Commits of main since the adoption, with the audit id of their trailer. */
async function landedOnMain(gitDir: string): Promise<Map<string, string>> {
  const format = '%H %(trailers:key=Andon-Audit,valueonly,separator=%x2C)';
  const log = await mustGit(gitDir, ['log', '--first-parent', `--format=${format}`, 'main']);
  const rows = log.split('\n').map((line) => line.split(' '));
  // The last commit is the one that was adopted.
  return new Map(rows.slice(0, -1).map(([oid = '', audit = '']) => [oid, audit]));
}

/**
 * Breaches between main and log: a landed commit without its audit rows, such rows without their commit, an
 * intent without a conclusion.
 */
function landingBreaches(events: readonly LoggedEvent[], landed: ReadonlyMap<string, string>): string[] {
  const intents = new Map(
    events.filter(({ type }) => type === 'landing.intended').map((one) => [one.id, one]),
  );
  const done = events.filter(({ type }) => type === 'change.landed');
  const ended = new Set(
    events
      .filter(({ type }) => type === 'change.landed' || type === 'landing.voided')
      .map(({ data }) => data.landing),
  );
  const found: string[] = [];
  for (const [oid, audit] of landed) {
    const intent = intents.get(audit);
    if (intent?.data.to !== oid) found.push(`${oid} is on main and its audit row ${audit} is not for it`);
    const rows = done.filter(({ data }) => data.to === oid && data.landing === intent?.data.landing);
    if (rows.length !== 1) found.push(`${oid} is on main with ${rows.length} rows of change.landed`);
  }
  for (const { data } of done)
    if (!landed.has(String(data.to)))
      found.push(`change.landed says ${String(data.to)}, which is not on main`);
  for (const { data } of intents.values())
    if (!ended.has(data.landing)) found.push(`the intent ${String(data.landing)} was never concluded`);
  return found;
}

const endsHold = new Set(['lease.expired', 'task.released', 'change.submitted', 'task.stolen']);

/** Breaches of claims: more than one for an epoch, or a second one while the first holds. */
function claimBreaches(events: readonly LoggedEvent[], ledger: Ledger): string[] {
  const found: string[] = [];
  const held = new Map<string, number>();
  const epochs = new Set<string>();
  for (const { type, subject, data } of events) {
    const task = type === 'change.submitted' ? `task/${String(data.task)}` : subject;
    if (endsHold.has(type)) held.delete(task);
    if (type !== 'task.claimed') continue;
    const epoch = `${task} ${String(data.epoch)}`;
    if (held.has(task)) found.push(`${task} was claimed while it was held`);
    if (epochs.has(epoch)) found.push(`${epoch} was claimed twice`);
    held.set(task, Number(data.epoch));
    epochs.add(epoch);
  }
  for (const { task, epoch } of ledger.claims)
    if (!epochs.has(`task/${task} ${epoch}`)) found.push(`the claim ${task} ${epoch} is not in the log`);
  return found;
}

/** Acknowledged work that is missing: pushed commits under their ref, changes, landed changes on main. */
async function workBreaches(
  { owner }: Endpoint,
  ledger: Ledger,
  gitDir: string,
  landed: ReadonlyMap<string, string>,
): Promise<string[]> {
  const found: string[] = [];
  const refs = await mustGit(gitDir, ['for-each-ref', '--format=%(objectname) %(refname)']);
  for (const { ref, commit } of ledger.pushes)
    if (!refs.includes(`${commit} ${ref}`)) found.push(`the push of ${commit} to ${ref} is lost`);
  for (const { change, commit } of ledger.submits) {
    const row = await owner.change.show.query({ project, change }).catch(() => undefined);
    if (row === undefined) found.push(`the submitted change ${change} is lost`);
    else if (row.commitId !== commit) found.push(`the change ${change} offers another commit`);
    else if (row.state === 'landed' && !landed.has(row.landedCommit ?? ''))
      found.push(`${change} is landed by its row only`);
  }
  for (const { change } of ledger.verdicts) {
    const row = await owner.change.show.query({ project, change });
    if (!row.verdicts.some(({ approve }) => approve)) found.push(`the approval of ${change} is lost`);
  }
  return found;
}

async function repositoryBreaches(gitDir: string): Promise<string[]> {
  const { code, out, err } = await git(gitDir, ['fsck', '--strict', '--full', '--no-dangling']);
  const found = code === 0 ? [] : [`git fsck: ${out}${err}`];
  return found;
}

/** Waits until the locks and quarantines that a kill left are swept. */
export const untilSwept = (gitDir: string, withinMs = 30_000): Promise<void> =>
  waitUntil(async () => (await findLeftovers(gitDir)).length === 0, withinMs);

export const gitDirOf = (folder: string): string => join(folder, 'data', 'repos', `${project}.git`);
