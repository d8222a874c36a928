import { z } from 'zod';
import { allowed, allowUnless, type Reason, reason } from '../../lib/decision.ts';
import { markRead, readerOf, readInbox, sendMessage } from '../../messages/messages.ts';
import { event } from '../../store/log/events.ts';
import type { Tier } from '../../tiers/actions.ts';
import { id, principal, project, text } from '../admission/inputs.ts';
import { mutation, query, t } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';

const recipient = z.union([
  z.enum(['tier:executive', 'tier:human', 'tier:validator', 'tier:implementer']),
  principal,
]);

/** Messages to agents and people; every grant has an inbox. */
export function messageRouter(gateway: Gateway) {
  const { store } = gateway;
  return t.router({
    list: query(gateway, {
      action: 'message:read',
      description:
        'Lists the messages to the caller and to its tier, the newest first; unread ones unless all are asked for.',
      input: z.strictObject({
        project,
        all: z.boolean().default(false).describe('Also those that were read'),
        limit: z.number().int().min(1).max(500).default(50),
      }),
      answer: (input, { grant }) =>
        readInbox(store, input.project, readerOf(grant.sub, grant.cap.tier), input),
    }),
    read: readProcedure(gateway),
    send: sendProcedure(gateway),
  });
}

function readProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'message:mark',
    description:
      'Marks messages of the caller’s inbox as read; one to a tier is read once one of the tier has read it.',
    input: z.strictObject({ project, messages: z.array(id).min(1).max(500) }),
    decide: () => allowed(undefined),
    effect: async (tx, _permit, { grant, input }) => {
      const reader = readerOf(grant.sub, grant.cap.tier);
      const read = await markRead(tx, input.project, reader, input.messages, grant.sub);
      const marked = event('message.read', grant.sub, { messages: read });
      return { answer: { read }, events: read.length === 0 ? [] : [marked] };
    },
  });
}

/**
 * Reasons against a recipient: agents are steered by the texts that they read, so only executives and people
 * may write to them.
 */
function recipientReasons(to: string, tier: Tier): Reason[] {
  const above = /^(tier:(executive|human)|human:)/.test(to);
  if (above || tier === 'human' || tier === 'executive') return [];
  return [reason('message.recipient', to, { found: tier, limit: 'human, executive' })];
}

function sendProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'message:send',
    description: 'Writes to an executive or a human; executives and humans also write to agents.',
    input: z.strictObject({
      project,
      to: recipient,
      kind: z.enum(['note', 'question', 'blocker', 'alert', 'report']).default('note'),
      subject: text(200).default('note').describe('What it is about, such as task/cart-api'),
      title: text(200),
      body: text(10_000),
    }),
    decide: ({ grant, input }) => allowUnless(recipientReasons(input.to, grant.cap.tier)),
    effect: async (tx, _permit, { grant, input }) => {
      const { to, kind, subject, title, body } = input;
      const draft = { project: input.project, recipient: to, kind, subject, title, body };
      const message = await sendMessage(tx, { ...draft, data: { from: grant.sub } });
      const data = { to, kind, title, about: subject };
      return { answer: { message }, events: [event('message.sent', `message/${message}`, data)] };
    },
  });
}
