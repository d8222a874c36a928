/**
 * The type check alone verifies this file: a client learns of a wrong input before it sends it. No line here
 * runs.
 */
import type { Client } from '../../src/client.ts';

export async function calls(client: Client): Promise<void> {
  await client.task.claim.mutate({ project: 'shop' });
  await client.token.mint.mutate({ project: 'shop', agent: 'agent:b' });
  // @ts-expect-error a claim names its project
  await client.task.claim.mutate({});
  // @ts-expect-error an unknown member
  await client.task.claim.mutate({ project: 'shop', nonsense: 1 });
  const { task } = await client.task.claim.mutate({ project: 'shop' });
  // @ts-expect-error an answer may hold no task
  task.id.toString();
}
