import { newId } from '../../store/ids.ts';
import { leftNothing } from '../../store/retry.ts';
import { type Statement, type Store, statement } from '../../store/store.ts';
import type { Plan } from '../../tasks/plan.ts';
import { rememberedPlan } from '../../tasks/plan-cache.ts';
import type { Grant } from '../../tiers/capability.ts';
import type { ForeseenEffect } from './definitions.ts';

/** What the statement of a kind is given besides whose calls they are. */
interface Form {
  readonly statement: Statement;
  /** What the calls of one batch have in common. */
  readonly shared: readonly string[];
  /** What is each call's own. */
  readonly own: readonly string[];
}

function form(kind: string, shared: readonly string[], own: readonly string[]): Form {
  const values = Array.from({ length: callers + shared.length + own.length }, (_, place) => `$${place + 1}`);
  const text = `select place, answer from andon_foreseen_${kind}(${values.join(', ')})`;
  return { statement: statement(`door.foreseen.${kind}`, text), shared, own };
}

/** Project, plan, names, expiry, epoch; agents, grants, events, request ids and hashes. */
const callers = 10;

const forms: Readonly<Record<ForeseenEffect['kind'], Form>> = {
  claim: form('claims', ['leaseMs', 'wip', 'allowed', 'refused'], []),
  renew: form('renewals', [], ['task', 'lease', 'data']),
  submit: form('submits', [], ['task', 'lease', 'change', 'tree', 'note', 'lin', 'data', 'answer']),
};

/** An effect with everything that has to hold for it. */
export interface ForeseenCall extends ForeseenEffect {
  /** Hash of the project's plan, as last seen. */
  readonly plan: string;
  readonly request?: string;
  readonly hash?: string;
}

/**
 * Calls decided on what was last seen. Whatever was decided is confirmed by the statement itself under the locks of the
 * door: epoch, plan, expiry, revocations, request id and the row that changes. Nothing foreseen is ever trusted.
 */
export interface Foresight {
  /** Remembers which plan a project had when it was last entered. */
  see(project: string, planHash: string | null): void;
  /** The plan that is foreseen, or undefined when nothing can be: a grant of another project, a plan never read. */
  plan(grant: Grant, project: string): { readonly hash: string; readonly plan: Plan } | undefined;
  /** Makes the call together with others of the project that wait. Undefined when it has to go the whole way. */
  make<Answer>(grant: Grant, project: string, call: ForeseenCall): Promise<Answer | undefined>;
}

interface Waiting {
  readonly call: ForeseenCall;
  readonly grant: Grant;
  /** Calls with the same key go together. */
  readonly key: string;
  readonly settle: (answer: unknown) => void;
  readonly fail: (error: unknown) => void;
}

const batchMax = 64;
/** One batch is worked by the database while the answers of the other are. */
const inFlightMax = 2;

class Lane {
  readonly #store: Store;
  readonly #project: string;
  #waiting: Waiting[] = [];
  #inFlight = 0;

  constructor(store: Store, project: string) {
    this.#store = store;
    this.#project = project;
  }

  put(grant: Grant, call: ForeseenCall): Promise<unknown> {
    return new Promise((settle, fail) => {
      this.#waiting.push({ call, grant, key: keyOf(call), settle, fail });
      // Calls that arrive in one turn of the loop go together.
      if (this.#waiting.length === 1) setImmediate(() => this.#send());
    });
  }

  #send(): void {
    while (this.#inFlight < inFlightMax && this.#waiting.length > 0) {
      this.#inFlight++;
      void this.#run(this.#next()).finally(() => {
        this.#inFlight--;
        this.#send();
      });
    }
  }

  /** Who waited longest, and all that can go with it. */
  #next(): Waiting[] {
    const key = this.#waiting[0]?.key;
    const batch: Waiting[] = [];
    const rest: Waiting[] = [];
    for (const one of this.#waiting) (one.key === key && batch.length < batchMax ? batch : rest).push(one);
    this.#waiting = rest;
    return batch;
  }

  async #run(batch: readonly Waiting[]): Promise<void> {
    try {
      const made = await this.#make(batch);
      // Something was otherwise for one of them: halved until that one is alone, and the others are made.
      if (made === undefined && batch.length > 1) {
        const half = batch.length >> 1;
        await this.#run(batch.slice(0, half));
        await this.#run(batch.slice(half));
        return;
      }
      for (const [place, { settle }] of batch.entries()) settle(made?.get(place + 1));
    } catch (error) {
      // What the database refused left nothing behind, be it a deadlock or the fault of one call: each goes the whole way.
      // After a lost connection it may have committed: that is told.
      const again = leftNothing(error);
      for (const { settle, fail } of batch) {
        if (again) settle(undefined);
        else fail(error);
      }
    }
  }

  /** The answers by place, counted from one; undefined when some were not as foreseen, and none was made. */
  async #make(batch: readonly Waiting[]): Promise<Map<number, unknown> | undefined> {
    const [first] = batch;
    if (first === undefined) return new Map();
    const { statement: asked, shared, own } = forms[first.call.kind];
    const rows = await this.#store.rows<{ place: number | null; answer: unknown }>(asked, [
      this.#project,
      first.call.plan,
      ...callersOf(batch),
      ...shared.map((member) => first.call[member] ?? null),
      ...own.map((member) => batch.map(({ call }) => call[member] ?? null)),
    ]);
    if (rows[0]?.place === null) return undefined;
    return new Map(rows.map(({ place, answer }) => [Number(place), answer]));
  }
}

/** By whom the calls are made: what has to hold for all of them, and what each of them writes. */
function callersOf(batch: readonly Waiting[]): unknown[] {
  const grants = batch.map(({ grant }) => grant);
  const named = batch.some(({ call }) => call.request !== undefined);
  return [
    [...new Set(grants.flatMap(({ jti, gid, lin, sub, kid }) => [jti, gid, ...lin, sub, kid]))],
    Math.min(...grants.map(({ exp }) => exp)),
    Math.min(...grants.map(({ ep }) => ep)),
    grants.map(({ sub }) => sub),
    grants.map(({ gid }) => gid),
    grants.map(() => newId('event')),
    named ? batch.map(({ call }) => call.request ?? null) : null,
    named ? batch.map(({ call }) => call.hash ?? null) : null,
  ];
}

function keyOf(call: ForeseenCall): string {
  const { shared } = forms[call.kind];
  return [call.kind, call.plan, ...shared.map((member) => call[member])].join(' ');
}

/** Foresight over one store. Memory is bounded by the number of projects. */
export function createForesight(store: Store): Foresight {
  const seen = new Map<string, string>();
  const lanes = new Map<string, Lane>();
  const laneOf = (project: string): Lane => {
    const lane = lanes.get(project) ?? new Lane(store, project);
    lanes.set(project, lane);
    return lane;
  };
  return {
    see: (project, planHash) => {
      if (planHash === null) seen.delete(project);
      else seen.set(project, planHash);
    },
    plan: (grant, project) => {
      const hash = seen.get(project);
      const plan = grant.cap.project === project && hash !== undefined ? rememberedPlan(hash) : undefined;
      return hash === undefined || plan === undefined ? undefined : { hash, plan };
    },
    make: async <Answer>(grant: Grant, project: string, call: ForeseenCall) =>
      (await laneOf(project).put(grant, call)) as Answer | undefined,
  };
}

/** An array as PostgreSQL writes one: cast where it is used, it costs less than JSON that is taken apart. */
export const arrayText = (values: readonly string[]): string =>
  `{${values.map((value) => `"${value.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
