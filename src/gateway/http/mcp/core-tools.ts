import type { Tier } from '../../../tiers/actions.ts';

/** Tools that every agent needs: where it stands, its inbox, the cord. */
const everybody = ['briefing', 'task_show', 'message_list', 'message_send', 'cord_pull'];

const leading = [
  'task_list',
  'task_waiting',
  'plan_show',
  'plan_put',
  'change_list',
  'agent_list',
  'agent_spawn',
  'agent_terminate',
];

/**
 * The tools that a client lists without being asked for all of them, by tier: the daily work of the tier. A client
 * puts the whole list into the context of its model before the first word, so there are few, and a test holds them to
 * a number of tokens. `permission_prompt` comes on top for every tier. `?tools=all` lists the others, and a call by
 * name reaches each of them.
 */
export const coreTools: Readonly<Record<Tier, readonly string[]>> = {
  human: [...everybody, ...leading],
  executive: [...everybody, ...leading],
  implementer: [
    ...everybody,
    'task_claim',
    'task_renew',
    'task_release',
    'task_ask',
    'agent_update',
    'change_check',
    'change_submit',
    'change_show',
  ],
  validator: [
    ...everybody,
    'task_list',
    'change_list',
    'change_show',
    'change_diff',
    'gate_list',
    'gate_pass',
    'verdict_approve',
    'verdict_reject',
  ],
};

/** Choice of a client among its tools: the core of its tier, or all that its grant allows. */
export type ToolChoice = 'core' | 'all';
