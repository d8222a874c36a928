import type { ClaimedTask, RunOrder } from '../protocol.ts';

/** The text that a run is briefed with, if its gateway gives one, and the place of its verdict. */
export interface PromptParts {
  readonly briefing: string | undefined;
  readonly verdictFile: string;
}

/** The instructions of an agent: the prompt of its profile, its mission, its briefing, and the way to end. */
export function promptOf(
  order: RunOrder,
  task: ClaimedTask | undefined,
  { briefing, verdictFile }: PromptParts,
): string {
  const filled = (order.settings.prompt ?? usual(order)).replaceAll(
    /\{(task|title|branch|change|mission|role|project)\}/g,
    (_whole, name: string) => fill(order, task, name),
  );
  const mission = order.mission === null ? [] : ['', 'Your mission:', order.mission];
  return [
    filled,
    ...mission,
    '',
    briefing ?? unbriefed(task),
    ...aboutChange(order),
    '',
    ...ending(order, verdictFile),
  ].join('\n');
}

function fill(order: RunOrder, task: ClaimedTask | undefined, name: string): string {
  const values: Record<string, string | null | undefined> = {
    task: order.task,
    title: task?.title,
    branch: task?.branch,
    change: order.change,
    mission: order.mission,
    role: order.role,
    project: order.project,
  };
  return values[name] ?? '';
}

const usual = ({ tier, role, project }: RunOrder): string =>
  `You are ${role} (${tier}) on the project ${project}. You work in your own clone; everything goes through Andon, which tells you why it refuses something.`;

const unbriefed = (task: ClaimedTask | undefined): string =>
  `${task === undefined ? '' : `Your task: ${task.id}. `}Begin with the tool briefing, or andon continue.`;

const aboutChange = ({ change, judges }: RunOrder): string[] =>
  change === null
    ? []
    : [
        '',
        `Judge the change ${change}${judges === undefined ? '' : ` of the task ${judges.task}, epoch ${judges.epoch}`}: andon change show ${change}, then andon verdict approve ${change}, or andon verdict reject ${change} --reason "…".`,
      ];

const ending = ({ id, task }: RunOrder, verdictFile: string): string[] => [
  `At the end write your verdict as JSON to $ANDON_VERDICT, the file ${verdictFile}: {"version":1,"run":"${id}"${task === null ? '' : ',"epoch":<number in $ANDON_EPOCH>'},"result":"shipped"|"failed"|"no_progress"|"halted","summary":"…"}.`,
  'Say "halted" when something is so wrong that the line must stop. What you claim is checked against what you did.',
];
