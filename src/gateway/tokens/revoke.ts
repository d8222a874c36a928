import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { type LandedOn, readLandedOn } from '../../changes/slots/void.ts';
import { allowed, allowUnless, denied, type Reason, reason } from '../../lib/decision.ts';
import type { RevocationKind } from '../../store/log/event-data/shared.ts';
import { revocationKinds } from '../../store/log/event-data/shared.ts';
import { event } from '../../store/log/events.ts';
import { statement, type Tx } from '../../store/store.ts';
import type { Grant } from '../../tiers/capability.ts';
import { idOrName, project, text } from '../admission/inputs.ts';
import { mutation } from '../admission/procedure.ts';
import { entriesFor, findTargets, type RevocationTarget, revoke, targetReasons } from '../auth/revoking.ts';
import { signingKeys } from '../auth/schema.ts';
import type { Gateway } from '../services.ts';

const revokeInput = z.strictObject({
  project,
  kind: z.enum(revocationKinds),
  value: idOrName,
  why: text(2000),
});

interface RevokeFacts {
  readonly targets: readonly RevocationTarget[];
  readonly keyState: 'next' | 'active' | 'retired' | undefined;
}

const missing: Readonly<Record<RevocationKind, 'grant.missing' | 'agent.missing' | 'key.missing'>> = {
  token: 'grant.missing',
  grant: 'grant.missing',
  agent: 'agent.missing',
  key: 'key.missing',
};

/**
 * Reasons against revoking a key: it takes tokens of every project along, and the active and the next key
 * must be rotated away first.
 */
function keyReasons(grant: Grant, kid: string, state: RevokeFacts['keyState']): Reason[] {
  if (grant.cap.project !== '*')
    return [reason('grant.project', `key/${kid}`, { found: grant.cap.project, limit: '*' })];
  if (state === undefined) return [reason('key.missing', kid)];
  return state === 'retired' ? [] : [reason('key.active', kid, { found: state })];
}

async function keyStateOf(tx: Tx, kid: string): Promise<RevokeFacts['keyState']> {
  const [row] = await tx.orm
    .select({ state: signingKeys.state })
    .from(signingKeys)
    .where(eq(signingKeys.kid, kid));
  return row?.state;
}

/** The procedure `token.revoke`: revokes a token, a grant, an agent or a key, with their descendants. */
export function revokeProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'token:revoke',
    whileBelow: true,
    description:
      'Revokes a token with its grant, a grant, an agent or a key, at once and for everything that descends from it.',
    input: revokeInput,
    exclusive: true,
    facts: async (tx, { input: { project: projectName, kind, value } }): Promise<RevokeFacts> =>
      kind === 'key'
        ? { targets: [], keyState: await keyStateOf(tx, value) }
        : { targets: await findTargets(tx, projectName, kind, value), keyState: undefined },
    decide: ({ grant, input, facts }) => {
      const entries = entriesFor(input.project, input.kind, input.value, facts.targets);
      if (input.kind === 'key') return allowUnless(keyReasons(grant, input.value, facts.keyState), entries);
      if (facts.targets.length === 0)
        return denied(reason(missing[input.kind], `${input.kind}/${input.value}`));
      return allowUnless(targetReasons(grant, input.project, facts.targets), entries);
    },
    effect: async (tx, { decided: rows }, { grant, input }) => {
      const { voided, events } = await revoke(tx, rows, grant.sub, input.why);
      const subject = `${input.kind}/${input.value}`;
      const landed: readonly LandedOn[] = [];
      return {
        answer: { revoked: rows, voided, landed },
        events: [event('token.revoked', subject, { rows, why: input.why }), ...events],
      };
    },
    after: async (answer, input) => {
      if (input.kind !== 'key') await gateway.workers.wakeAll(input.project);
      if (answer.voided.length === 0) return answer;
      // A landing on a pass that is void now has moved main already, or never will.
      await gateway.workers.settleLandings(input.project);
      return { ...answer, landed: await readLandedOn(gateway.store, answer.voided) };
    },
  });
}

const raise = statement(
  'projects.raiseEpoch',
  'update projects set epoch = epoch + 1, epoch_raised_at = andon_now() where name = $1 returning epoch',
);

/** The procedure `token.raiseEpoch`: ends every grant of a project that was minted before. */
export function raiseEpochProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'token:revoke',
    whileBelow: true,
    description:
      'Raises the epoch of a project: this ends every token of the project that was minted before.',
    input: z.strictObject({ project, why: text(2000) }),
    exclusive: true,
    decide: ({ grant }) =>
      grant.cap.tier === 'human'
        ? allowed(undefined)
        : denied(reason('grant.tier', 'epoch', { found: grant.cap.tier, limit: 'human' })),
    effect: async (tx, _permit, { input }) => {
      const [row] = await tx.rows<{ epoch: number }>(raise, [input.project]);
      const epoch = row?.epoch ?? 1;
      return {
        answer: { project: input.project, epoch },
        events: [event('epoch.raised', `project/${input.project}`, { epoch, why: input.why })],
      };
    },
  });
}
