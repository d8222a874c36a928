import { shortId } from '../lib/ids.ts';
import { sendMessages } from '../messages/messages.ts';
import { statement, type Tx } from '../store/store.ts';
import { readPlan } from '../tasks/plan-apply.ts';
import type { Cleared, CordDraft, StopRow } from './stop.ts';
import { clearers, inScope, scopeText } from './stop-scope.ts';

// Principals at work: holders of leases, and runs that were started and have not ended.
const atWork = statement(
  'stops.atWork',
  `select project, holder as agent, id as task from tasks
     where state = 'in_progress' and holder is not null and ($1 = '*' or project = $1)
   union
   select project, agent, task from runs where taken_at is not null and ended_at is null and ($1 = '*' or project = $1)
   order by 1, 2`,
);
const projectsOf = statement(
  'stops.projectsOf',
  `select name from projects where name <> '*' and ($1 = '*' or name = $1) order by name`,
);

interface AtWork {
  readonly project: string;
  readonly agent: string;
  readonly task: string | null;
}

/**
 * Sends a message to every principal at work in the scope and to executives, and for a red stop to people
 * too. Answers the recipients.
 */
export async function tellPulled(tx: Tx, stop: string, draft: CordDraft): Promise<string[]> {
  const { colour, scope, why, by } = draft;
  const workers = await workersIn(tx, draft);
  const where = draft.project === '*' ? 'every project' : scopeText(scope);
  const title = `${colour} stop on ${where}: ${why}`;
  const body = `${why}\n\nPulled by ${by}. ${heldWords(draft)} It is cleared by ${clearers(colour, by)} (andon cord clear ${shortId(stop)}).`;
  const message = {
    kind: 'stop' as const,
    subject: `stop/${stop}`,
    title,
    body,
    data: { colour, scope: where },
  };
  const tiers = colour === 'red' ? ['tier:executive', 'tier:human'] : ['tier:executive'];
  const projects = await tx.rows<{ name: string }>(projectsOf, [draft.project]);
  await sendMessages(tx, [
    ...workers.map(({ project, agent }) => ({ ...message, project, recipient: agent })),
    ...projects.flatMap(({ name }) => tiers.map((recipient) => ({ ...message, project: name, recipient }))),
  ]);
  return [...new Set([...workers.map(({ agent }) => agent), ...tiers])];
}

function heldWords({ colour, scope }: CordDraft): string {
  if (scope.kind === 'pool') return 'Its runs go on to their end; no other one is started.';
  return colour === 'red'
    ? 'Nothing in its scope is claimed, spawned or landed until it is cleared.'
    : 'Finish what you hold up to its next handoff; nothing new in its scope is claimed.';
}

/** Each agent at work in the scope once, with its project. */
async function workersIn(tx: Tx, { project, scope }: CordDraft): Promise<AtWork[]> {
  const plan = scope.kind === 'workflow' ? await readPlan(tx, project) : undefined;
  const workers = await tx.rows<AtWork>(atWork, [project]);
  const found = workers.filter(({ task }) => inScope(scope, task ?? undefined, plan));
  return [...new Map(found.map((one) => [`${one.project} ${one.agent}`, one])).values()];
}

const toldOf = statement(
  'stops.toldOf',
  'select distinct project, recipient from messages where subject = $1',
);

/** Sends a message that the stop is over to every recipient of the message about it. */
export async function tellCleared(tx: Tx, stop: StopRow, { by, why }: Cleared): Promise<void> {
  const subject = `stop/${stop.id}`;
  const told = await tx.rows<{ project: string; recipient: string }>(toldOf, [subject]);
  const where = stop.project === '*' ? 'every project' : scopeText(stop.scope);
  const title = `the ${stop.colour} stop on ${where} is cleared`;
  const body = `Cleared by ${by}: ${why}`;
  await sendMessages(
    tx,
    told.map(({ project, recipient }) => ({ project, recipient, kind: 'stop', subject, title, body })),
  );
}
