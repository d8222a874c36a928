import type { Command } from 'commander';
import { spanWords } from '../../lib/durations.ts';
import { act, leaf, type Run } from '../command.ts';
import type { GatewayLink } from '../connect.ts';
import { printable } from '../printable.ts';
import { short } from '../table.ts';
import type { World } from '../world.ts';

type WaitingTask = Awaited<ReturnType<GatewayLink['client']['task']['waiting']['query']>>[number];
type ListedTask = Awaited<ReturnType<GatewayLink['client']['task']['list']['query']>>[number];

/** The causes that one task waits for, in words. */
function waitsFor(one: WaitingTask, tasks: ReadonlyMap<string, ListedTask>): string {
  const waits = [
    ...one.needs.map((need) => taskWords(need, tasks.get(need))),
    ...one.overlaps.map((other) => `${taskWords(other, tasks.get(other))} with an overlapping scope`),
    ...(one.phase === null ? [] : [`phase ${one.phase}`]),
    ...one.questions.map((question) => `a person (question ${short(question)})`),
    ...changeWords(one),
    ...one.stops.map(({ subject }) => `${subject} to be cleared`),
    ...(one.beyondAgents ? [beyondWords] : []),
  ];
  return waits.join(' and ');
}

/** The cause that agents pull work, and the grant of none covers this task. */
export const beyondWords = 'an agent whose token may claim it';

function taskWords(id: string, row: ListedTask | undefined): string {
  if (row === undefined) return id;
  if (row.state !== 'in_progress') return `${id} (${row.state})`;
  const since = spanWords(Date.now() - Date.parse(row.stateAt));
  const expected = row.expectedMinutes === null ? '' : `, expected ${row.expectedMinutes} min`;
  return `${id} (in progress, ${row.holder ?? 'nobody'}, ${since}${expected})`;
}

function changeWords({ change, changeState, manualGates }: WaitingTask): string[] {
  if (change === null) return [];
  if (manualGates.length > 0) return [`somebody to pass ${manualGates.join(', ')} (${short(change)})`];
  const words: Readonly<Record<string, string>> = {
    gating: 'gates',
    judging: 'a verdict',
    approved: 'its landing',
    landing: 'its landing',
  };
  return [`${words[changeState ?? ''] ?? 'its change'} (${short(change)})`];
}

/** The tasks that have not ended with the causes of their waiting, and all tasks by their id. */
export async function look(
  link: GatewayLink,
): Promise<{ waiting: WaitingTask[]; tasks: Map<string, ListedTask> }> {
  const { client, project } = link;
  const [waiting, rows] = await Promise.all([
    client.task.waiting.query({ project }),
    client.task.list.query({ project }),
  ]);
  return { waiting, tasks: new Map(rows.map((row) => [row.id, row])) };
}

/** The command `andon task waiting`. */
export function waitingCommand(world: World): Command {
  return leaf('waiting', 'show the reasons why open tasks wait').action(
    act(world, async ({ link }) => {
      const { waiting, tasks } = await look(await link());
      const lines = waiting.map((one) => printable(waitingLine(one, tasks)));
      return { data: waiting, lines: lines.length === 0 ? ['nothing waits: every task has ended'] : lines };
    }),
  );
}

/** One task that has not ended: its state, since when, and what it waits for. */
export const waitingLine = (one: WaitingTask, tasks: ReadonlyMap<string, ListedTask>): string =>
  `${one.task} (${stateWords(one)})${forWhat(one, tasks)}`;

const stateWords = ({ state, holder, sinceSeconds }: WaitingTask): string =>
  `${state}${holder === null || state !== 'in_progress' ? '' : `, ${holder}`}, ${spanWords(sinceSeconds * 1000)}`;

const forWhat = (one: WaitingTask, tasks: ReadonlyMap<string, ListedTask>): string => {
  const what = waitsFor(one, tasks);
  return what === '' ? '' : ` waits for ${what}`;
};

/** The command `andon task next`: lists claimable tasks without claiming one. Exit code 8 when there is none. */
export function nextCommand(world: World): Command {
  return leaf(
    'next',
    'show the task that could be claimed next',
    'shows the task that could be claimed next, or the reasons why no task is free',
  ).action(act(world, showNext));
}

async function showNext({ link, terminal }: Run<object>) {
  const { waiting, tasks } = await look(await link());
  const free = waiting.filter(({ state, overlaps }) => state === 'ready' && overlaps.length === 0);
  const ready = free.filter(({ stops }) => stops.length === 0);
  ready.sort((a, b) => urgency(tasks.get(a.task)) - urgency(tasks.get(b.task)));
  const task = tasks.get(ready.find(({ barred }) => barred.length === 0)?.task ?? '');
  if (task !== undefined) {
    const line = `${terminal.paint('strong', task.id)}  ${printable(task.title)}  (${task.phase}; write ${task.write.join(', ') || '-'})`;
    return { data: { task }, lines: [line], talk: [`next: andon task claim ${task.id}`] };
  }
  if (ready.length > 0) return barred(waiting, ready);
  if (free.length > 0) return stopped(waiting, free);
  return { data: { task: null, waiting }, lines: [nothingReady(waiting, tasks)], exit: 'nothing' as const };
}

const barredShown = 5;

/** The answer when tasks are ready, and the caller may claim none of them. */
function barred(waiting: readonly WaitingTask[], ready: readonly WaitingTask[]) {
  const shown = ready.slice(0, barredShown).map((one) => `${one.task}: ${barredWords(one)}`);
  const more = ready.length > barredShown ? [`… ${ready.length - barredShown} more`] : [];
  const lines = [`nothing that you may claim: ${ready.length} ready`, ...shown, ...more].map(printable);
  const talk = ['andon token explain tells what your token covers'];
  return { data: { task: null, waiting }, lines, talk, exit: 'nothing' as const };
}

const barredWords = (one: WaitingTask): string =>
  one.barred
    .map(({ code, found, limit }) => {
      const words = [found, limit === undefined ? undefined : `limit ${limit}`];
      return [code, ...words.filter((word) => word !== undefined)].join(', ');
    })
    .join('; ');

/** True when there is work, and only a stop keeps it away. */
function stopped(waiting: readonly WaitingTask[], free: readonly WaitingTask[]) {
  const stops = new Map(free.flatMap((one) => one.stops).map((stop) => [stop.subject, stop]));
  const lines = [...stops.values()].map(({ subject, found }) =>
    printable(`the line is stopped: ${subject} ${found}`),
  );
  const talk = ['andon cord status tells who clears it and how'];
  return { data: { task: null, waiting, stops: [...stops.values()] }, lines, talk, exit: 'stopped' as const };
}

const urgency = (row: ListedTask | undefined): number =>
  row === undefined ? 1e9 : row.priority * 1e6 + row.position;

function nothingReady(waiting: readonly WaitingTask[], tasks: ReadonlyMap<string, ListedTask>): string {
  if (waiting.length === 0) return 'nothing ready: every task has ended';
  const parts = waiting.flatMap((one) => {
    const what = waitsFor(one, tasks);
    if (what !== '') return [`${one.task} waits for ${what}`];
    return one.state === 'in_progress' ? [taskWords(one.task, tasks.get(one.task))] : [];
  });
  return printable(`nothing ready: ${parts.join(', ')}`);
}
