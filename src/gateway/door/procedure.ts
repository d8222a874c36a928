import { initTRPC, TRPCError } from '@trpc/server';
import { codes } from '../../lib/codes/index.ts';
import { AndonError } from '../../lib/errors.ts';
import { isUnavailable } from '../../store/retry.ts';
import type { Action } from '../../tiers/actions.ts';
import { admit } from './admit.ts';
import { admitQuery } from './admit-query.ts';
import type {
  Call,
  MutationDefinition,
  ProcedureMeta,
  ProjectInput,
  QueryDefinition,
} from './definitions.ts';
import { asAndonError, trpcCode } from './errors.ts';
import type { Gateway } from './gateway.ts';

/** What the transport hands to every procedure. `call` is a function so that an unauthenticated call fails inside. */
export interface CallContext {
  call(): Call | Promise<Call>;
}

export const t = initTRPC
  .context<CallContext>()
  .meta<ProcedureMeta>()
  .create({
    sse: { ping: { enabled: true, intervalMs: 15_000 }, client: { reconnectAfterInactivityMs: 30_000 } },
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

/** Makes the tRPC procedure of a mutation; there is no other way to make one, so none lacks an action. */
export function mutation<A extends Action, Input extends ProjectInput, Fixed, Moving, Answer>(
  gateway: Gateway,
  definition: MutationDefinition<A, Input, Fixed, Moving, Answer>,
) {
  return t.procedure
    .meta({ action: definition.action, description: definition.description })
    .input(definition.input)
    .mutation(({ ctx, input }) =>
      answered(gateway, async () => admit(gateway, definition, await ctx.call(), input as Input)),
    );
}

/** Makes the tRPC procedure of a query. */
export function query<A extends Action, Input extends ProjectInput, Answer>(
  gateway: Gateway,
  definition: QueryDefinition<A, Input, Answer>,
) {
  return t.procedure
    .meta({ action: definition.action, description: definition.description })
    .input(definition.input)
    .query(({ ctx, input }) =>
      answered(gateway, async () => admitQuery(gateway, definition, await ctx.call(), input as Input)),
    );
}

/** Turns an AndonError into the tRPC error with its status; everything else is logged, passed on and becomes `internal`. */
export async function answered<T>(gateway: Gateway, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof AndonError)
      throw new TRPCError({ code: trpcCode(error), message: error.message, cause: error });
    if (!isUnavailable(error))
      gateway.log.error({ err: error }, 'a call failed for a reason that is no refusal');
    throw error;
  }
}
