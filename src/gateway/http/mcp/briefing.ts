import { type ToldTask, taskWords } from '../../../messages/task-words.ts';
import type { Explanation } from '../../../tiers/explain.ts';
import type { Call } from '../../admission/admission.ts';
import type { DirectProcedure } from '../../admission/procedure.ts';

/** URI of the resource that briefs an agent on its rights and tasks. */
export const briefingUri = 'andon://briefing';

interface BriefedTask extends ToldTask {
  readonly id: string;
  readonly title: string;
  readonly epoch: number;
  readonly holder: string | null;
  readonly write: readonly string[];
  readonly gates: readonly string[];
}

/** Sources of the briefing: two procedures of the router, called as by any client. */
export interface BriefingSources {
  readonly explain: DirectProcedure;
  readonly tasks: DirectProcedure;
  readonly show: DirectProcedure;
}

/** The rights and tasks of a caller, in Markdown. Errors: those of the procedures. */
export async function briefing({ explain, tasks, show }: BriefingSources, call: Call): Promise<string> {
  const { project } = call.grant.cap;
  const bounds = (await explain.run(call, { project })) as Explanation;
  const rows =
    project === '*' ? [] : ((await tasks.run(call, { project, state: 'in_progress' })) as BriefedTask[]);
  const held = await Promise.all(
    rows
      .filter(({ holder }) => holder === call.grant.sub)
      .map(({ id: task }) => show.run(call, { project, task }) as Promise<BriefedTask>),
  );
  return [
    `# Andon: ${project === '*' ? 'every project' : project}`,
    '',
    `You are ${call.grant.sub}, ${bounds.role} (${bounds.tier}): ${bounds.purpose}.`,
    '',
    ...boundsLines(bounds),
    '',
    ...(held.length === 0
      ? ['You hold no task. Take one with the tool `task_claim`.']
      : held.flatMap(taskLines)),
    '',
  ].join('\n');
}

const boundsLines = ({ write, read, limits, may }: Explanation): string[] => [
  `- write: ${write.text}`,
  `- read: ${read.text}`,
  `- a function that you add or alter: complexity at most ${limits.complexity}, ${limits.functionLines} lines`,
  `- you may: ${may.map(({ action }) => action).join(', ')}`,
];

const taskLines = (task: BriefedTask): string[] => [
  `## Your task: ${task.id}, epoch ${task.epoch}`,
  '',
  task.title,
  '',
  `- write: ${task.write.join(', ')}`,
  `- gates: ${task.gates.join(', ') || 'none'}`,
  `- push: \`git push origin HEAD:refs/heads/task/${task.id}/${task.epoch}/work\`, then the tool \`change_submit\``,
  '- renew the lease with `task_renew` before it ends',
  '',
  ...taskWords(task),
];
