import { tracked } from '@trpc/server';
import { z } from 'zod';
import { eventTypes } from '../../store/log/events.ts';
import { searchEvents } from '../../store/log/search.ts';
import { latestPosition } from '../../store/log/tail.ts';
import { statement } from '../../store/store.ts';
import type { Call } from '../admission/admission.ts';
import { authoriseRead } from '../admission/admit-query.ts';
import { instant, project, text, timeOf } from '../admission/inputs.ts';
import { answered, query, t } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';
import { follow } from './follow.ts';

const latest = statement(
  'events.page',
  `select coalesce(max(position), 0)::bigint as latest from events where project = $1 and position is not null`,
);

const listInput = z.strictObject({
  project,
  after: z.number().int().min(0).optional().describe('Only events behind this position, the first of them'),
  before: z.number().int().min(1).optional().describe('Only events before this position'),
  limit: z.number().int().min(1).max(1000).default(100),
  types: z
    .array(z.enum(eventTypes))
    .min(1)
    .max(eventTypes.length)
    .optional()
    .describe('Only events of these types'),
  subject: text(300).optional().describe('Such as task/cart-api, or change/chg_ with the end of its id'),
  actor: text(100).optional().describe('Such as agent:builder-1, or gateway'),
  since: instant.optional().describe('A date, a date and time in UTC, or an age such as 2h'),
  until: instant.optional().describe('As since; events before that time'),
});

const subscribeInput = z.strictObject({
  project,
  /** Position to continue after; the client sends it by itself when it reconnects. */
  lastEventId: z.union([z.string().regex(/^\d{1,15}$/), z.number().int().min(0)]).nullish(),
  types: z.array(z.enum(eventTypes)).max(eventTypes.length).optional(),
});

/** Procedures of the log: pages of events, and a stream that continues after a position. */
export function eventRouter(gateway: Gateway) {
  const { store } = gateway;
  return t.router({
    list: query(gateway, {
      action: 'event:read',
      description:
        'Lists events of a project, oldest first: the latest that match, or with `after` those that follow a position.',
      input: listInput,
      answer: async (input) => {
        const now = new Date(gateway.nowSeconds() * 1000);
        const { since, until } = input;
        const events = await searchEvents(store, {
          ...input,
          project: input.project === '*' ? undefined : input.project,
          since: since === undefined ? undefined : timeOf(since, now),
          until: until === undefined ? undefined : timeOf(until, now),
        });
        if (input.project === '*') return { events, latest: await latestPosition(store) };
        const [row] = await store.rows<{ latest: number }>(latest, [input.project]);
        return { events, latest: row?.latest ?? 0 };
      },
    }),
    stream: t.procedure
      .meta({
        action: 'event:read',
        description:
          'Streams events of a project as they are sequenced, from lastEventId (the `latest` of event.list) or from now on; resumes without loss.',
      })
      .input(subscribeInput)
      .subscription(async function* ({ ctx, input, signal }) {
        const call = await answered(gateway, async () => ctx.call());
        await answered(gateway, async () =>
          authoriseRead(gateway, call, { action: 'event:read', project: input.project }),
        );
        const from =
          input.lastEventId === null || input.lastEventId === undefined
            ? gateway.feed.position
            : Number(input.lastEventId);
        const wanted = input.types === undefined ? undefined : new Set<string>(input.types);
        const stillAllowed = rightTo(gateway, call, input.project);
        const project = input.project === '*' ? null : input.project;
        for await (const event of follow({ store, feed: gateway.feed, project, from, signal })) {
          await stillAllowed();
          if (wanted?.has(event.type) !== false) yield tracked(String(event.position), event);
        }
      }),
  });
}

/** Milliseconds for which the right to a stream counts. A revocation is in memory, and is asked for at every event. */
const judgedMs = 1000;

/** Asks again for the right to a stream while it is open, since a token may end. Rejects once it has. */
function rightTo(gateway: Gateway, call: Call, project: string): () => Promise<void> {
  let judgedAtMs = performance.now();
  return async () => {
    const isRevoked = gateway.tokens.revoked(call.grant) !== undefined;
    if (!isRevoked && performance.now() - judgedAtMs < judgedMs) return;
    await answered(gateway, async () => authoriseRead(gateway, call, { action: 'event:read', project }));
    judgedAtMs = performance.now();
  };
}
