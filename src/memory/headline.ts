import { attemptOutcomes, inQuotes } from '../messages/task-words.ts';
import {
  type BriefedAttempt,
  type BriefedTask,
  type BriefingFacts,
  readyCountMax,
  type TaskCheckpoint,
} from './briefing-facts.ts';
import { type BriefingLine, own } from './lines.ts';

/** The first line of a briefing: the work, its last step, the next one, and if anything is in the way. */
export function headline(facts: BriefingFacts, blockers: readonly BriefingLine[]): BriefingLine {
  const [task] = facts.tasks;
  const held = task?.state === 'in_progress' && task.holder === facts.reader.agent;
  const way = blockers.length === 0 ? 'No blockers.' : 'Blockers: see below.';
  if (task === undefined) return own(`grant/${facts.reader.grant}`, `${idleWords(facts)} ${way}`);
  const words = held
    ? [opening(task), lastWords(task), nextWords(task), way]
    : [`You hold no task; last was ${task.id}.`, lastWords(task), standing(task, facts), way];
  return own(`task/${task.id}`, words.filter((one) => one !== '').join(' '));
}

function idleWords({ reader, ready, readyCount, changes, unread, openQuestions }: BriefingFacts): string {
  if (reader.tier === 'implementer')
    return ready.length === 0 || !reader.actions.includes('task:claim')
      ? 'You hold no task, and none is ready for you. Say so and stop.'
      : `You hold no task. Next: andon task claim (${ready.map(({ id }) => id).join(', ')}).`;
  if (reader.tier === 'validator')
    return changes.length === 0
      ? 'No change waits for a verdict: say so and stop.'
      : `Next: judge ${changes[0]?.id} (${changes.length} wait).`;
  const count = readyCount > readyCountMax ? `over ${readyCountMax}` : String(readyCount);
  return `${unread} unread messages, ${openQuestions.length} open questions, ${count} tasks ready.`;
}

const begun = (task: BriefedTask): boolean =>
  task.checkpoints.length > 0 ||
  task.attempts.some(({ branch, outcome }) => branch !== null || outcome !== null);

const opening = (task: BriefedTask): string => `${begun(task) ? 'Resuming' : 'Starting'} ${task.id}.`;

function lastWords({ checkpoints, attempts }: BriefedTask): string {
  const [said] = checkpoints;
  const done = said?.done.at(-1);
  const ended = attempts.find(({ outcome }) => outcome !== null);
  const words = done === undefined ? '' : `Last session completed ${inQuotes(done)}.`;
  if (ended?.outcome == null || (said !== undefined && said.epoch > ended.epoch)) return words;
  const end = `Attempt ${ended.epoch} ended: ${attemptOutcomes[ended.outcome]}.`;
  return words === '' ? end : `${words} ${end}`;
}

/** Ends after which the next step is to mend what the attempt was told. */
const mendable: ReadonlySet<string> = new Set(['rejected', 'gate_failed', 'conflict']);

function nextWords({ checkpoints: [said], attempts, acceptance, title }: BriefedTask): string {
  const ended = attempts.find(({ outcome }) => outcome !== null);
  if (ended !== undefined && isToMend(ended, said))
    return 'Next: mend what the last attempt was told, below.';
  const [first = title] = [...(said?.next ?? []), ...acceptance];
  return `Next: ${inQuotes(first)}.`;
}

/** True when an attempt was refused, and nobody has said since where the work stands. */
const isToMend = ({ outcome, epoch }: BriefedAttempt, said: TaskCheckpoint | undefined): boolean =>
  outcome !== null && mendable.has(outcome) && (said === undefined || said.epoch <= epoch);

function standing({ id, state, change }: BriefedTask, { ready }: BriefingFacts): string {
  if (change !== null) return `Its change ${change.id} is ${change.state}.`;
  if (state === 'ready') return `Next: andon task claim ${id}.`;
  return ready.length === 0 ? `It is ${state}.` : `It is ${state}. Next: andon task claim.`;
}
