import { type AnyRouter, initTRPC, TRPCError } from '@trpc/server';
import type { z } from 'zod';
import { codes } from '../../lib/codes/index.ts';
import type { Reason } from '../../lib/decision.ts';
import { AndonError } from '../../lib/errors.ts';
import { asMachineFault } from '../../lib/machine-fault.ts';
import { isUnavailable } from '../../store/retry.ts';
import type { Action } from '../../tiers/actions.ts';
import type { Admission, Call } from './admission.ts';
import { admit } from './admit.ts';
import { admitQuery } from './admit-query.ts';
import type { MutationDefinition, ProcedureMeta, ProjectInput, QueryDefinition } from './definitions.ts';
import { asAndonError, trpcCode } from './errors.ts';
import { previewDecision } from './preview.ts';
import { idMembers, withWholeIds } from './short-ids.ts';

/**
 * The context that the transport hands to every procedure. `call` is a function so that an unauthenticated
 * call fails inside the procedure.
 */
export interface CallContext {
  call(): Call | Promise<Call>;
}

export const t = initTRPC
  .context<CallContext>()
  .meta<ProcedureMeta>()
  .create({
    sse: { ping: { enabled: true, intervalMs: 10_000 }, client: { reconnectAfterInactivityMs: 30_000 } },
    errorFormatter: ({ shape, error }) => {
      const known = asAndonError(error);
      const { stack: _never, ...data } = shape.data as typeof shape.data & { stack?: string };
      return {
        ...shape,
        message: known.message,
        data: {
          ...data,
          httpStatus: codes[known.code].http,
          andon: { code: known.code, reasons: known.reasons },
        },
      };
    },
  });

/** A procedure without tRPC around it, for the thin handler of single calls. */
export interface DirectProcedure {
  readonly type: 'query' | 'mutation';
  readonly input: z.ZodType;
  run(call: Call, input: unknown): Promise<unknown>;
  /** The reasons against a mutation, decided and carried no further; absent for queries. */
  readonly preview?: (call: Call, input: unknown) => Promise<readonly Reason[]>;
}

const direct = new WeakMap<object, DirectProcedure>();

/** The direct form of every query and mutation of a router, by path; subscriptions have none. */
export function directProcedures(router: AnyRouter): ReadonlyMap<string, DirectProcedure> {
  const procedures = Object.entries(router._def.procedures as Record<string, object>);
  return new Map(
    procedures.flatMap(([path, procedure]) => {
      const known = direct.get(procedure);
      return known === undefined ? [] : [[path, known] as const];
    }),
  );
}

/** Makes the tRPC procedure of a mutation; every mutation is made here, so none lacks an action. */
export function mutation<A extends Action, Input extends ProjectInput, Prepared, Facts, Decided, Answer, Raw>(
  admission: Admission,
  definition: MutationDefinition<A, Input, Prepared, Facts, Decided, Answer, Raw>,
) {
  const ids = idMembers(definition.input);
  const run = (call: Call, input: Input) =>
    answered(admission, async () =>
      admit(admission, definition, call, await withWholeIds(admission, ids, call.grant, input)),
    );
  const procedure = t.procedure
    .meta({ action: definition.action, description: definition.description })
    .input(definition.input)
    .mutation(async ({ ctx, input }) => run(await calling(admission, ctx), input as Input));
  direct.set(procedure, {
    type: 'mutation',
    input: definition.input,
    run: (call, input) => run(call, input as Input),
    preview: (call, input) => previewDecision(admission, definition, call, input as Input),
  });
  return procedure;
}

/** Makes the tRPC procedure of a query. */
export function query<A extends Action, Input extends ProjectInput, Answer, Raw>(
  admission: Admission,
  definition: QueryDefinition<A, Input, Answer, Raw>,
) {
  const ids = idMembers(definition.input);
  const run = (call: Call, input: Input) =>
    answered(admission, async () =>
      admitQuery(admission, definition, call, await withWholeIds(admission, ids, call.grant, input)),
    );
  const procedure = t.procedure
    .meta({ action: definition.action, description: definition.description })
    .input(definition.input)
    .query(async ({ ctx, input }) => run(await calling(admission, ctx), input as Input));
  direct.set(procedure, {
    type: 'query',
    input: definition.input,
    run: (call, input) => run(call, input as Input),
  });
  return procedure;
}

const calling = (admission: Admission, context: CallContext): Promise<Call> =>
  answered(admission, async () => context.call());

/**
 * Turns an AndonError into the tRPC error with its status; any other error is logged, passed on and becomes
 * `internal`.
 */
export async function answered<T>(admission: Admission, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const known = asMachineFault(error, 'the gateway');
    if (known instanceof AndonError)
      throw new TRPCError({ code: trpcCode(known), message: known.message, cause: known });
    if (!isUnavailable(error))
      admission.log.error({ err: error }, 'a call failed for a reason that is no refusal');
    throw error;
  }
}
