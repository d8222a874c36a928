import { spanWords } from '../../lib/durations.ts';
import type { GatewayLink } from '../connect.ts';
import { stopLines } from '../cord/words.ts';
import { printable } from '../printable.ts';
import { short, stateCell, table } from '../table.ts';
import { beyondWords } from '../task/waiting.ts';
import type { Paint } from '../terminal.ts';

const recentMax = 5;

/** Reads a project at one moment. */
export async function look({ client, project, url }: GatewayLink) {
  const [status, phases, tasks, waiting, changes, cord] = await Promise.all([
    client.project.status.query({ project }),
    client.phase.list.query({ project }),
    client.task.list.query({ project }),
    client.task.waiting.query({ project }),
    client.change.list.query({ project, limit: recentMax + 1 }),
    client.cord.status.query({ project }),
  ]);
  return { url, ...status, phases, tasks, waiting, changes, stops: cord.stops };
}

/** A project at one moment. */
export type Look = Awaited<ReturnType<typeof look>>;

/** Formats a project at one moment as lines. */
export function statusLines(seen: Look, paint: Paint): string[] {
  const { project, url, branch, main, revision, phases, changes, stops, below } = seen;
  const head = [
    `${paint('strong', project)}  ${url}  ${branch ?? 'main'} at ${short(main)}  plan ${revision}`,
    phases.map((phase) => phaseWords(phase, paint)).join(paint('quiet', ' > ')) ||
      'no plan yet: andon plan apply',
  ];
  const recent = changes
    .slice(0, recentMax)
    .map((row) => [short(row.id), stateCell(row.state), row.task, row.author]);
  return [
    ...(below === null
      ? []
      : [paint('bad', `THE LOG IS BELOW ITS MARK, and this gateway only reads: ${below}`), '']),
    ...stopLines(stops, paint),
    ...(stops.length === 0 ? [] : ['']),
    ...head,
    '',
    ...taskTable(seen, paint),
    ...(recent.length === 0 ? [] : ['', ...table(['CHANGE', 'STATE', 'TASK', 'AUTHOR'], recent, paint)]),
    ...(changes.length > recentMax ? [paint('quiet', 'older ones: andon change list')] : []),
  ];
}

function phaseWords({ name, openedAt, done, tasks }: Look['phases'][number], paint: Paint): string {
  const words = `${name} ${done}/${tasks}`;
  if (openedAt === null) return paint('quiet', words);
  return paint(done === tasks && tasks > 0 ? 'good' : 'strong', words);
}

function taskTable({ tasks, waiting }: Look, paint: Paint): string[] {
  const waits = new Map(waiting.map((one) => [one.task, one]));
  const rows = tasks.map((row) => {
    const waitingFor = waits.get(row.id);
    return [
      row.id,
      stateCell(row.state),
      row.phase,
      row.holder ?? '-',
      printable(waitingFor === undefined ? '' : waitWords(waitingFor)),
    ];
  });
  return table(['TASK', 'STATE', 'PHASE', 'HOLDER', 'WAITS FOR'], rows, paint);
}

function waitWords({
  needs,
  overlaps,
  phase,
  questions,
  change,
  changeState,
  sinceSeconds,
  state,
  stops,
  beyondAgents,
}: Look['waiting'][number]): string {
  const words = [
    ...needs,
    ...overlaps.map((other) => `${other} (overlap)`),
    ...(phase === null ? [] : [`phase ${phase}`]),
    ...questions.map((question) => `a person (${short(question)})`),
    ...(change === null ? [] : [`${changeState} ${short(change)}`]),
    ...stops.map(({ subject }) => subject),
    ...(beyondAgents ? [beyondWords] : []),
  ];
  if (words.length > 0) return words.join(', ');
  return state === 'in_progress' ? `since ${spanWords(sinceSeconds * 1000)}` : '';
}
