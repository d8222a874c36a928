import { fail } from '../lib/errors.ts';
import type { Run } from './command.ts';
import type { GatewayLink } from './connect.ts';
import { leaseHint } from './work-tree.ts';

/** Options that name a lease. */
export interface LeaseOptions {
  readonly task?: string;
  readonly epoch?: number;
}

/** A lease that the caller holds. */
export interface Held {
  readonly task: string;
  readonly epoch: number;
}

/**
 * The lease that a command is about: by argument, environment or branch, and else the one task that the
 * caller holds. Errors: `cli.usage` when there is none or several, `task.missing`.
 */
export async function heldLease(
  { world }: Run<unknown>,
  link: GatewayLink,
  given: LeaseOptions,
): Promise<Held> {
  const hint = await leaseHint(world.cwd, world.env);
  const task = given.task ?? hint.task;
  const epoch = given.epoch ?? (task === hint.task ? hint.epoch : undefined);
  if (task !== undefined && epoch !== undefined) return { task, epoch };
  const held = await heldTasks(link, task);
  // A name that is no task is told as one.
  if (held.length === 0 && task !== undefined)
    await link.client.task.show.query({ project: link.project, task });
  return onlyOne(task, held);
}

function onlyOne(task: string | undefined, held: readonly { id: string; epoch: number }[]): Held {
  const [first, ...more] = held;
  const subject = task === undefined ? 'task' : `task/${task}`;
  if (first === undefined)
    throw fail('cli.usage', subject, { found: 'you hold no such task', next: 'andon task claim' });
  if (more.length === 0) return { task: first.id, epoch: first.epoch };
  const found = `you hold ${held.map(({ id }) => id).join(', ')}`;
  throw fail('cli.usage', subject, { found, next: 'name the task' });
}

async function heldTasks(
  { client, project }: GatewayLink,
  task: string | undefined,
): Promise<{ id: string; epoch: number }[]> {
  const { agent } = await client.token.explain.query({ project });
  const running = await client.task.list.query({ project, state: 'in_progress' });
  return running.filter((row) => row.holder === agent && (task === undefined || row.id === task));
}
