import { jsonText } from '../../store/events.ts';
import { newId } from '../../store/ids.ts';
import { leftNothing } from '../../store/retry.ts';
import { type Store, statement } from '../../store/store.ts';
import type { Plan } from '../../tasks/plan.ts';
import { rememberedPlan } from '../../tasks/plan-cache.ts';
import type { Action } from '../../tiers/actions.ts';
import type { Grant } from '../../tiers/capability.ts';
import type { ForeseenEffect } from './definitions.ts';

const calls = statement(
  'door.foreseen',
  'select answer from andon_foreseen_calls($1, $2::text[], $3::jsonb)',
);

/** An effect with everything that has to hold for it. */
export interface ForeseenCall extends ForeseenEffect {
  readonly action: Action;
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
  /** The call as JSON. */
  readonly text: string;
  /** By which its grant may have been revoked. */
  readonly names: readonly string[];
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

  put(call: Pick<Waiting, 'text' | 'names'>): Promise<unknown> {
    return new Promise((settle, fail) => {
      this.#waiting.push({ ...call, settle, fail });
      // Calls that arrive in one turn of the loop go together.
      if (this.#waiting.length === 1) setImmediate(() => this.#send());
    });
  }

  #send(): void {
    while (this.#inFlight < inFlightMax && this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, batchMax);
      this.#inFlight++;
      void this.#run(batch).finally(() => {
        this.#inFlight--;
        this.#send();
      });
    }
  }

  async #run(batch: readonly Waiting[]): Promise<void> {
    try {
      const names = new Set(batch.flatMap((call) => call.names));
      const json = `[${batch.map(({ text }) => text).join(',')}]`;
      const rows = await this.#store.rows<{ answer: unknown }>(calls, [this.#project, [...names], json]);
      for (const [place, { settle }] of batch.entries()) settle(rows[place]?.answer ?? undefined);
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
      (await laneOf(project).put(withGrant(grant, call))) as Answer | undefined,
  };
}

function withGrant(
  { jti, gid, lin, sub, kid, exp, ep }: Grant,
  call: ForeseenCall,
): Pick<Waiting, 'text' | 'names'> {
  const by = { epoch: ep, agent: sub, gid, jti, kid, lin: arrayText(lin), exp };
  return {
    text: jsonText({ ...call, ...by, event: newId('event') }),
    names: [jti, gid, ...lin, sub, kid],
  };
}

/** An array as PostgreSQL writes one: cast where it is used, it costs less than JSON that is taken apart. */
export const arrayText = (values: readonly string[]): string =>
  `{${values.map((value) => `"${value.replace(/["\\]/g, '\\$&')}"`).join(',')}}`;
