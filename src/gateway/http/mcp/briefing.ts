import type { Tool } from '@modelcontextprotocol/sdk/types.js';
import { type ToldTask, taskWords } from '../../../messages/task-words.ts';
import type { Tier } from '../../../tiers/actions.ts';
import type { Explanation } from '../../../tiers/explain.ts';
import type { Call } from '../../admission/admission.ts';
import type { DirectProcedure } from '../../admission/procedure.ts';
import { type Reach, toolWords } from './next-words.ts';

/** URI of the resource that briefs an agent on its rights and tasks. */
export const briefingUri = 'andon://briefing';

/** The same as a tool, for clients that read no resources. */
export const briefingTool: Tool = {
  name: 'briefing',
  description:
    'Tells where you stand: your rights, the task that you hold, and what to do next. Call it first.',
  inputSchema: { type: 'object', properties: {} },
  annotations: { readOnlyHint: true, openWorldHint: false },
};

interface BriefedTask extends ToldTask {
  readonly id: string;
  readonly title: string;
  readonly epoch: number;
  readonly holder: string | null;
  readonly write: readonly string[];
  readonly gates: readonly string[];
}

interface BriefedChange {
  readonly id: string;
  readonly task: string;
  readonly author: string;
}

/** Sources of the briefing: procedures of the router, called as by any client. */
export interface BriefingSources {
  readonly explain: DirectProcedure;
  readonly tasks: DirectProcedure;
  readonly show: DirectProcedure;
  readonly changes: DirectProcedure;
}

/** The rights and the work of a caller, in Markdown. Errors: those of the procedures. */
export async function briefing(sources: BriefingSources, call: Call, reach: Reach): Promise<string> {
  const { project } = call.grant.cap;
  const bounds = (await sources.explain.run(call, { project })) as Explanation;
  return [
    `# Andon: ${project === '*' ? 'every project' : project}`,
    '',
    `You are ${call.grant.sub}, ${bounds.role} (${bounds.tier}): ${bounds.purpose}.`,
    '',
    ...boundsLines(bounds),
    '',
    ...(project === '*' ? ['Name the project in each call.'] : await workLines(sources, call, reach)),
    '',
  ].join('\n');
}

const boundsLines = ({ tier, write, read, limits, may }: Explanation): string[] => [
  ...(tier === 'implementer' || tier === 'human' ? [`- write: ${write.text}`] : []),
  `- read: ${read.text}`,
  ...(tier === 'implementer'
    ? [
        `- a function that you add or alter: complexity at most ${limits.complexity}, ${limits.functionLines} lines`,
      ]
    : []),
  `- you may: ${may.map(({ action }) => action).join(', ')}`,
];

/** The work that a tier finds here, and the tools that it is done with. */
const workLines = (sources: BriefingSources, call: Call, reach: Reach): Promise<string[]> =>
  work[call.grant.cap.tier](sources, call, reach);

const leading = async (): Promise<string[]> => [
  'Read where things are: `task_waiting`, `task_list`, `message_list`. You write no code; agents are started with `agent_spawn`.',
];

const work: Readonly<
  Record<Tier, (sources: BriefingSources, call: Call, reach: Reach) => Promise<string[]>>
> = { human: leading, executive: leading, implementer: building, validator: judging };

async function building({ tasks, show }: BriefingSources, call: Call, reach: Reach): Promise<string[]> {
  const { project } = call.grant.cap;
  const rows = (await tasks.run(call, { project, state: 'in_progress' })) as BriefedTask[];
  const held = await Promise.all(
    rows
      .filter(({ holder }) => holder === call.grant.sub)
      .map(({ id: task }) => show.run(call, { project, task }) as Promise<BriefedTask>),
  );
  if (held.length > 0) return held.flatMap((task) => taskLines(task, reach));
  return reach.granted.has('task_claim')
    ? ['You hold no task. Take one with the tool `task_claim`.']
    : ['You hold no task.'];
}

const shownMax = 5;

async function judging({ changes }: BriefingSources, call: Call, reach: Reach): Promise<string[]> {
  const { project } = call.grant.cap;
  const open = await Promise.all(
    ['gating', 'judging'].map((state) => changes.run(call, { project, state, limit: shownMax })),
  );
  const waiting = (open.flat() as BriefedChange[]).filter(({ author }) => author !== call.grant.sub);
  const verdicts = ['gate_pass', 'verdict_approve', 'verdict_reject'].filter((name) =>
    reach.granted.has(name),
  );
  const how =
    verdicts.length === 0
      ? 'You judge nothing yourself: read and report.'
      : `Read a change with \`change_show\`, \`change_diff\` and \`gate_list\`, then judge it: ${verdicts.map((name) => `\`${name}\``).join(', ')}. You claim no task.`;
  if (waiting.length === 0) return [how, 'No change waits for a verdict: say so and stop.'];
  return [how, ...waiting.map(({ id, task, author }) => `- ${id}: task ${task}, by ${author}`)];
}

const taskLines = (task: BriefedTask, reach: Reach): string[] => [
  `## Your task: ${task.id}, epoch ${task.epoch}`,
  '',
  task.title,
  '',
  `- write: ${task.write.join(', ')}`,
  `- gates: ${task.gates.join(', ') || 'none'}`,
  `- push: \`git push origin HEAD:refs/heads/task/${task.id}/${task.epoch}/work\`, then the tool \`change_submit\``,
  '- renew the lease with `task_renew` before it ends',
  '',
  ...taskWords({
    ...task,
    attempts: task.attempts.map(({ reasons, ...attempt }) => ({
      ...attempt,
      reasons: reasons.map((one) => toolWords(one, reach)),
    })),
  }),
];
