import { z } from 'zod';

/** Names of projects, tasks, phases and gates. */
export const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'lower-case letters, digits, dot, dash, underscore; at most 64');

/** A project, or `*` for the gateway itself where a procedure says so. */
export const project = z.union([name, z.literal('*')]);

/** A principal such as `agent:builder-1` or `human:ada`. */
export const principal = z
  .string()
  .regex(/^(agent|human):[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, '`agent:` or `human:` and a name');

/** An id, whole or its short form (kind and last eight characters). */
export const id = z.string().regex(/^[a-z]{3}_[0-9a-z]{8,26}$/, 'an id such as chg_01k9…');

export const commitId = z.string().regex(/^[0-9a-f]{40}([0-9a-f]{24})?$/, 'a whole commit id in hexadecimal');

export const text = (max: number) => z.string().min(1).max(max);

export const page = {
  after: z.number().int().min(0).default(0),
  limit: z.number().int().min(1).max(1000).default(100),
};
