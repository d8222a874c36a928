import { z } from 'zod';
import { globFault } from '../lib/globs.ts';
import { limits } from '../lib/limits.ts';
import { namePattern } from '../lib/names.ts';
import { type Action, actions } from './actions.ts';
import { tierNames } from './profiles.ts';
import { type ActionList, unpackActions } from './role-versions/index.ts';
import type { FromWire, WireCapability } from './wire.ts';

const distinct = (items: readonly string[]): boolean => new Set(items).size === items.length;
const count = z.int().nonnegative();

const name = z
  .string()
  .regex(namePattern, 'a name has letters, digits, `.`, `_`, `-`, and at most 63 of them');
const nameOrAll = z.union([z.literal('*'), name]);
const names = z.array(nameOrAll).max(limits.globsMax).refine(distinct, 'names each entry once');
const action = z.enum(Object.keys(actions) as [Action, ...Action[]]);
const actionList = z.array(action).refine(distinct, 'names each action once');

const globs = z
  .array(
    z.string().superRefine((text, context) => {
      const fault = globFault(text);
      if (fault !== undefined) context.addIssue({ code: 'custom', message: `the glob ${fault}` });
    }),
  )
  .max(limits.globsMax)
  .refine(distinct, 'names each glob once');

// Without the final slash `task/cart` would also cover `task/cart-of-another`.
const refPrefix = z
  .string()
  .max(limits.segmentBytesMax)
  .regex(/^(?:[A-Za-z0-9][A-Za-z0-9._-]*\/)+$/, 'a ref prefix is made of names that each end in `/`')
  .refine((text) => !/\.\.|\.lock\/|\.\//.test(text), 'a ref prefix is one that git accepts');

/** Budget: whole numbers from 0 on; USD in millionths. */
const budgetSchema = z.strictObject({
  tokens: count,
  usdMicro: count,
  commits: count,
  files: count,
  lines: count,
  children: count,
});

const members = {
  role: z.string().regex(/^[A-Z][A-Z_]{0,31}$/, 'a role is written in capitals'),
  tier: z.enum(tierNames),
  project: nameOrAll,
  plan: nameOrAll,
  ops: actionList,
  dops: actionList,
  phases: names,
  refs: z.array(refPrefix).max(limits.globsMax).refine(distinct, 'names each prefix once'),
  w: globs,
  r: globs,
  x: globs,
  complexity: count,
  lines: count,
  budget: budgetSchema,
  depth: count.max(limits.lineageMax),
  mints: z.array(z.enum(tierNames)).refine(distinct, 'names each tier once'),
  task: name.exactOptional(),
  epoch: count.exactOptional(),
  skills: names,
};

const epochHasTask = ({ epoch, task }: { epoch?: number; task?: string }): boolean =>
  epoch === undefined || task !== undefined;

/** Schema of the `cap` member of a token: exactly these members, an unknown one is refused. */
export const capabilitySchema = z
  .strictObject({ v: z.literal(1), ...members })
  .refine(epochHasTask, 'an epoch belongs to a task') satisfies z.ZodType<WireCapability>;

const heldAction = /^(?:[A-Z][A-Z0-9_]*@\d{1,6}|[+-]?[a-z]+:[a-z]+(-[a-z]+)*)$/;

const heldList = (list: ActionList) =>
  z
    .array(z.string().regex(heldAction, 'an action is a noun and a verb'))
    .refine(distinct, 'names each action once')
    .transform((packed, context) => {
      const held = unpackActions(list, packed);
      if (held === undefined) {
        const message = `${packed[0]} and its differences are of no version of the roles that this gateway knows`;
        context.addIssue({ code: 'custom', message });
        return z.NEVER;
      }
      return held.filter((one): one is Action => Object.hasOwn(actions, one));
    });

/**
 * The same schema for a capability as a token holds it: actions by the name of a role (see role-versions/),
 * written out here. Another version of Andon may have written the token, as while gateways are upgraded one
 * by one: an action that this version does not know gives nothing here. An unknown member is refused, since
 * it may be a limit.
 */
export const heldCapabilitySchema = z
  .strictObject({ v: z.literal(1), ...members, ops: heldList('ops'), dops: heldList('dops') })
  .refine(epochHasTask, 'an epoch belongs to a task') satisfies z.ZodType<WireCapability>;

/** Schema of a request to `attenuate`: the role, and any members that shall be narrower than the defaults. */
export const capabilityRequestSchema = z
  .strictObject({ ...members, budget: budgetSchema.partial() })
  .partial()
  .required({ role: true });

/** A request to `attenuate` under the short names of the wire, and under the names of the code. */
export type WireCapabilityRequest = z.infer<typeof capabilityRequestSchema>;
export type CapabilityRequest = FromWire<WireCapabilityRequest>;
