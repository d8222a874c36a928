import { z } from 'zod';
import { principalPattern } from '../lib/names.ts';
import { dayMs, duration, glob, name, text } from '../lib/schemas.ts';
import { auditKinds, priorities, stopColours } from './kinds.ts';

const role = z.string().regex(/^[A-Z][A-Z0-9_]{0,39}$/, 'a role is written in capitals');
const model = z
  .string()
  .regex(/^[\w][\w.:/@-]{0,99}$/, 'letters, digits and ._:/@-, at most 100, a letter or digit first');
const recipient = z
  .string()
  .refine(
    (to) =>
      to === 'holder' ||
      /^tier:(human|executive|implementer|validator)$/.test(to) ||
      principalPattern.test(to),
    '`holder`, a principal such as `agent:lead` or `human:ada`, or `tier:executive`',
  );

/**
 * A field of an event: its subject, its actor, or a member of its data. No patterns, so hostile text has
 * nothing to match.
 */
const field = z
  .string()
  .regex(
    /^(subject|actor|action|allowed|data(\.[A-Za-z][A-Za-z0-9_-]{0,39}){1,3})$/,
    '`subject`, `actor`, `action`, `allowed` or `data.` and a member',
  );
const scalar = z.union([z.string().max(300), z.number(), z.boolean(), z.null()]);

const newTask = z.strictObject({
  title: text(150),
  kind: name.optional().describe('The sort of work; default `task`'),
  phase: name,
  needs: z.array(name).max(100).optional(),
  write: z.array(glob).max(64).optional(),
  deny: z.array(glob).max(64).optional(),
  requires: z.array(name).max(32).optional(),
  gates: z.array(name).max(32).optional(),
  priority: z.enum(priorities).optional(),
});

const actions = {
  spawn: name.optional().describe('The agent profile of which a run is started'),
  role: role.optional(),
  model: model.optional(),
  for: z
    .union([z.literal('event'), name])
    .optional()
    .describe('The task of the run; `event`: that of the event'),
  mission: text(4000).optional().describe('What the run is told to do, when it has no task'),
  maxDuration: duration(1000, 7 * dayMs, 'between 1s and 7d').optional(),
  autoTerminate: z.boolean().optional(),
  notify: recipient.optional().describe('Whose inbox gets a message'),
  say: text(2000).optional().describe('What the message says'),
  webhook: z.string().max(2000).optional().describe('An https URL that gets a signed POST'),
  command: name.optional().describe('A command that the operator named when the gateway was started'),
  task: newTask.optional().describe('A task that is added to the plan'),
  cord: z.enum(stopColours).optional().describe('Pulls the cord'),
  audit: z.enum(auditKinds).optional().describe('Runs an audit'),
  over: duration(1000, 30 * dayMs, 'between 1s and 30d')
    .optional()
    .describe('With `audit: idle`: from when on an idle agent is told of to the executive'),
};

/** The members that name an action; a trigger, or a step of a deadline, has exactly one. */
export const actionNames = ['spawn', 'notify', 'webhook', 'command', 'task', 'cord', 'audit'] as const;
const kindNames = ['cron', 'deadline', 'on', 'every'] as const;

type GivenMembers = Readonly<Record<string, unknown>>;
const present = (given: GivenMembers, names: readonly string[]): string[] =>
  names.filter((one) => given[one] !== undefined);

const oneAction = (given: GivenMembers): boolean => present(given, actionNames).length === 1;
const actionWords = `exactly one action: ${actionNames.join(', ')}`;

/** Members that have a meaning only beside another one. */
const companions: readonly (readonly [string, readonly string[]])[] = [
  ['spawn', ['role', 'model', 'for', 'mission', 'maxDuration', 'autoTerminate']],
  ['notify', ['say']],
  ['audit', ['over']],
  ['cron', ['zone']],
  ['every', ['jitter']],
  ['on', ['where', 'consecutive', 'count', 'within', 'per']],
];

/** The first member that lacks its companion, or undefined. */
function strayed(given: GivenMembers): string | undefined {
  for (const [head, members] of companions) {
    const [stray] = given[head] === undefined ? present(given, members) : [];
    // The reason of a cord is text that the trigger says, too.
    if (stray === 'say' && given.cord !== undefined) continue;
    if (stray !== undefined) return `\`${stray}\` belongs to \`${head}\``;
  }
  return undefined;
}

const step = z
  .strictObject({ before: duration(1000, 365 * dayMs, 'between 1s and 365d'), ...actions })
  .refine(oneAction, actionWords)
  .superRefine((given, context) => {
    const stray = strayed(given);
    if (stray !== undefined) context.addIssue({ code: 'custom', message: stray });
  });

/** A trigger of the plan: one kind, one action. */
export const planTrigger = z
  .strictObject({
    cron: z
      .string()
      .max(200)
      .optional()
      .describe('Five or six fields, seconds first; both day fields must hold'),
    zone: z.string().max(64).optional().describe('IANA time zone; default: UTC'),
    every: duration(1000, 366 * dayMs, 'between 1s and 366d').optional(),
    jitter: duration(0, 366 * dayMs, 'shorter than `every`')
      .optional()
      .describe('Spreads the times, by the same amount on every gateway'),
    on: z.string().max(64).optional().describe('A type of event, such as `gate.ended`'),
    where: z
      .record(field, scalar)
      .refine((fields) => Object.keys(fields).length <= 8, 'at most 8 fields')
      .optional()
      .describe('Fields of the event that must be equal'),
    consecutive: z
      .int()
      .min(1)
      .max(1000)
      .optional()
      .describe('Fires at so many in a row; an event of the type that `where` does not match begins anew'),
    count: z.int().min(1).max(1000).optional().describe('Fires at so many within `within`'),
    within: duration(1000, 31 * dayMs, 'between 1s and 31d').optional(),
    per: z
      .union([z.literal('project'), field])
      .optional()
      .describe('Counts apart for each value of this field; default: the task of the event'),
    deadline: z
      .array(step)
      .min(1)
      .max(10)
      .optional()
      .describe('Steps before the deadline of every task that is not done'),
    ...actions,
    misfire: z
      .enum(['skip', 'once', 'all'])
      .default('once')
      .describe('What becomes of times at which no gateway ran'),
    most: z.int().min(1).max(100).default(10).describe('With `misfire: all`: the latest so many'),
    catchUp: duration(60_000, 31 * dayMs, 'between 1m and 31d')
      .default('1d')
      .describe('What is older is never made up for'),
    overlap: z
      .enum(['skip', 'queue', 'allow'])
      .default('skip')
      .describe(
        'What happens while the last run or task of it has not ended; with `for: event` the run for the same task',
      ),
    perHour: z.int().min(1).max(3600).default(60).describe('More than so many an hour become one message'),
    paused: z.boolean().default(false),
  })
  .superRefine((given, context) => {
    const fault = shapeFault(given);
    if (fault !== undefined) context.addIssue({ code: 'custom', message: fault });
  });

function shapeFault(given: GivenMembers): string | undefined {
  if (present(given, kindNames).length !== 1) return `exactly one of ${kindNames.join(', ')}`;
  const actionsCount = present(given, actionNames).length;
  if (given.deadline !== undefined && actionsCount > 0) return 'each step of `deadline` has its own action';
  if (given.deadline === undefined && actionsCount !== 1) return actionWords;
  return conditionFault(given) ?? strayed(given);
}

function conditionFault(given: GivenMembers): string | undefined {
  if ((given.count === undefined) !== (given.within === undefined))
    return '`count` and `within` belong together';
  return present(given, ['count', 'consecutive']).length > 1 ? 'one of `consecutive` and `count`' : undefined;
}

/**
 * A trigger of the plan, defaults filled in. `pool` is the size of a pool; a plan writes it as a member of a profile, and
 * in no trigger.
 */
export type PlanTrigger = z.infer<typeof planTrigger> & { readonly pool?: number };
/** A trigger as a person writes it, defaults left out. */
export type PlanTriggerInput = z.input<typeof planTrigger>;
/** A task that a trigger adds to the plan. */
export type NewTask = z.infer<typeof newTask>;

/** Kind of a trigger, by the member that fires it. */
export type TriggerKind = 'cron' | 'deadline' | 'event' | 'periodic' | 'pool';

/** The kind of a trigger, which the schema has checked to be exactly one. */
export function kindOf(trigger: PlanTrigger): TriggerKind {
  if (trigger.pool !== undefined) return 'pool';
  if (trigger.cron !== undefined) return 'cron';
  if (trigger.every !== undefined) return 'periodic';
  return trigger.on === undefined ? 'deadline' : 'event';
}
