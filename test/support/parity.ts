import { TRPCClientError } from '@trpc/client';
import fc from 'fast-check';
import { createForesight, type Foresight } from '../../src/gateway/door/foreseen.ts';
import { type Store, statement } from '../../src/store/store.ts';
import type { CapabilityRequest } from '../../src/tiers/capability-schema.ts';

/** Foresight that never foresees: every call goes the whole way. */
export const blind = (): Foresight => ({ see: () => {}, plan: () => undefined, make: async () => undefined });

/** The usual foresight, and how many calls it was asked for and made. */
export function counted(): { of(store: Store): Foresight; asked: number; made: number } {
  const counts = {
    asked: 0,
    made: 0,
    of: (store: Store): Foresight => {
      const usual = createForesight(store);
      return {
        ...usual,
        make: async <Answer>(...call: Parameters<Foresight['make']>) => {
          counts.asked++;
          const answer = await usual.make<Answer>(...call);
          if (answer !== undefined) counts.made++;
          return answer;
        },
      };
    },
  };
  return counts;
}

/** One step of a script; `agent`, `task` and `claim` are places in lists, taken modulo their length. */
export type Step =
  | {
      do: 'claim';
      agent: number;
      task: number | undefined;
      leaseSeconds: number | undefined;
      request: string | undefined;
    }
  | {
      do: 'renew' | 'release' | 'submit';
      agent: number | 'holder';
      claim: number;
      late: boolean;
      request: string | undefined;
    }
  | { do: 'steal'; agent: number; task: number }
  | { do: 'ask' | 'answer'; agent: number; task: number }
  | { do: 'approve'; claim: number }
  | { do: 'shift'; seconds: number }
  | { do: 'plan'; wip: number | undefined; lease: string }
  | { do: 'revoke'; agent: number; kind: 'grant' | 'agent' | 'epoch' };

const places = fc.nat(20);
const request = fc.oneof(
  { weight: 6, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.constantFrom('r0', 'r1', 'r2') },
);
const wip = fc.oneof(fc.constant(undefined), fc.constant(undefined), fc.integer({ min: 1, max: 6 }));
const lease = fc.constantFrom('60s', '2m');

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 24,
    arbitrary: fc.record({
      do: fc.constant('claim' as const),
      agent: places,
      task: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: places }),
      leaseSeconds: fc.oneof(
        { weight: 3, arbitrary: fc.constant(undefined) },
        { weight: 1, arbitrary: fc.constant(90) },
      ),
      request,
    }),
  },
  {
    weight: 28,
    arbitrary: fc.record({
      do: fc.constantFrom('renew' as const, 'release' as const, 'submit' as const, 'submit' as const),
      agent: fc.oneof(
        { weight: 3, arbitrary: fc.constant('holder' as const) },
        { weight: 1, arbitrary: places },
      ),
      claim: places,
      late: fc.oneof(
        { weight: 6, arbitrary: fc.constant(false) },
        { weight: 1, arbitrary: fc.constant(true) },
      ),
      request,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('steal' as const), agent: places, task: places }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('ask' as const, 'answer' as const),
      agent: places,
      task: places,
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('approve' as const), claim: places }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('shift' as const), seconds: fc.constantFrom(37, 61, 121) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('plan' as const), wip, lease }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('revoke' as const),
      agent: places,
      kind: fc.constantFrom('grant' as const, 'grant' as const, 'agent' as const, 'epoch' as const),
    }),
  },
);

const task = fc.record({
  phase: fc.constantFrom('build', 'build', 'build', 'harden'),
  write: fc.oneof(
    { weight: 3, arbitrary: fc.constant(undefined) },
    { weight: 1, arbitrary: fc.constantFrom(['a/**'], ['a/x/**'], ['b/**', 'c/*']) },
  ),
  requires: fc.constantFrom([], [], [], ['ts'], ['c']),
  priority: fc.constantFrom('critical', 'high', 'normal', 'low'),
  deadline: fc.constantFrom(undefined, undefined, '2030-01-01T00:00:00Z', '2031-01-01T00:00:00Z'),
  done: fc.constantFrom('artefact', 'artefact', 'artefact', 'landed'),
  gates: fc.constantFrom([], [], [], [], ['look']),
  needsFirst: fc.constantFrom(false, false, false, false, true),
});

const agent = fc.record({
  skills: fc.constantFrom(['*'], ['ts'], ['ts', 'c'], []),
  w: fc.constantFrom(['**'], ['**'], ['**'], ['t*/**'], ['a/**', 'b/**', 't1*/**']),
  phases: fc.constantFrom(['*'], ['*'], ['build'], ['harden']),
  bound: fc.constantFrom(false, false, false, false, false, true),
});

/** A plan, agents with grants of their own, and what they do. */
export const story = fc.record({
  tasks: fc.array(task, { minLength: 6, maxLength: 20, size: 'max' }),
  agents: fc.array(agent, { minLength: 2, maxLength: 4 }),
  wip,
  lease,
  steps: fc.array(step, { minLength: 20, maxLength: 50, size: 'max' }),
});
export type Story = typeof story extends fc.Arbitrary<infer S> ? S : never;

export const taskId = (place: number, { tasks }: Pick<Story, 'tasks'>): string => `t${place % tasks.length}`;

export function planOf(
  project: string,
  told: Story,
  change: { wip: number | undefined; lease: string },
): string {
  const tasks = told.tasks.map(({ needsFirst, deadline, write, ...one }, i) => [
    `t${i}`,
    {
      title: `T ${i}`,
      ...one,
      write: write ?? [`t${i}/**`],
      ...(deadline === undefined ? {} : { deadline }),
      ...(needsFirst && i > 0 && one.phase === told.tasks[0]?.phase ? { needs: ['t0'] } : {}),
    },
  ]);
  return JSON.stringify({
    version: 1,
    project,
    done: 'artefact',
    phases: ['build', 'harden'],
    lease: change.lease,
    limits: change.wip === undefined ? {} : { wip: change.wip },
    gates: { look: { by: 'human' } },
    tasks: Object.fromEntries(tasks),
  });
}

export const capOf = ({ skills, w, phases, bound }: Story['agents'][number]): Partial<CapabilityRequest> => ({
  tier: 'implementer',
  skills: [...skills],
  w: [...w],
  phases: [...phases],
  budget: { commits: 1 },
  ...(bound ? { task: 't0' } : {}),
});

/** What a call answers or is refused with. */
export async function outcome(call: Promise<unknown>): Promise<unknown> {
  try {
    return { answer: await call };
  } catch (error) {
    if (!(error instanceof TRPCClientError)) throw error;
    const data = error.data as { andon?: { reasons?: unknown } } | null;
    if (data?.andon?.reasons === undefined) throw error;
    return { refused: data.andon.reasons };
  }
}

// What a grant gives back when it has ended is written by housekeeping, whenever that comes round.
const tables: readonly string[] = [
  `select to_jsonb(t) - 'state_at' - 'lease_until' || jsonb_build_object('leased', lease_until is not null) as row from tasks t
   where project = $1 order by position`,
  `select to_jsonb(c) - 'created_at' - 'state_at' as row from changes c where project = $1 order by task, epoch`,
  `select to_jsonb(q) - 'id' - 'asked_at' - 'answered_at' as row from questions q where project = $1 order by asked_at`,
  `select to_jsonb(r) - 'at' as row from requests r where principal like '%-' || $1 order by principal, request_id`,
  `select to_jsonb(d) - 'event' - 'first_at' - 'last_at' - 'fingerprint' as row from denials d
   where project = $1 order by principal, count`,
  `select jsonb_build_array(type, actor, gid, action, allowed, subject, request_id, data) as row from events
   where project = $1 and type not in ('grant.returned', 'lease.expired') order by seq`,
  // Leases that end together end in any order.
  `select jsonb_build_array(type, actor, subject, data) as row from events where project = $1 and type = 'lease.expired' order by 1`,
];

/** Every row that a story left. */
export async function rowsOf(store: Store, project: string): Promise<unknown[]> {
  const all: unknown[] = [];
  for (const text of tables) all.push(await store.rows(statement('', text), [project]));
  return all;
}

/** Ids by the order in which they turn up and times by their presence, so that two runs can be compared. */
export function normalised(value: unknown): unknown {
  const known = new Map<string, string>();
  const text = JSON.stringify(value)
    .replace(/\b(?:chg|gnt|qst|tok|evt|que|ver|vrd|gat|run)_[0-9a-z]{8,26}\b/g, (id) => {
      const name = known.get(id) ?? `${id.slice(0, 3)}-${known.size}`;
      known.set(id, name);
      return name;
    })
    .replace(/"\d{4}-\d\d-\d\dT(?!00:00:00)[^"]*"/g, '"time"');
  return JSON.parse(text);
}
