import { taskWords } from '../../messages/task-words.ts';
import type { ClaimedTask, RunOrder } from '../protocol.ts';

/** The instructions of an agent: the prompt of its profile, its mission, its task, and the way to hand over work. */
export function promptOf(order: RunOrder, task: ClaimedTask | undefined, verdictFile: string): string {
  const filled = (order.settings.prompt ?? usual(order)).replaceAll(
    /\{(task|title|branch|change|mission|role|project)\}/g,
    (_whole, name: string) => fill(order, task, name),
  );
  const mission = order.mission === null ? [] : ['', 'Your mission:', order.mission];
  return [
    filled,
    ...mission,
    ...aboutTask(task),
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

function aboutTask(task: ClaimedTask | undefined): string[] {
  if (task === undefined) return [];
  const denied = task.deny.length === 0 ? '' : `, but not ${task.deny.join(', ')}`;
  return [
    '',
    `Your task: ${task.id}: ${task.title}`,
    `You may change: ${task.write.join(', ') || 'no file'}${denied}.`,
    'Files that steer tools (manifests, lock files, settings of builds, tests, CI and agents) are protected unless the plan opens them for the task.',
    `Gates that your change passes: ${task.gates.join(', ') || 'none'}.`,
    `Commit, then: git push origin HEAD:refs/heads/${task.branch}`,
    'Then hand it over: andon change submit (or the tool change_submit with the commit id).',
    ...taskWords(task),
  ];
}

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
