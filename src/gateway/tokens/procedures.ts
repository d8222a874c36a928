import { and, desc, eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { allowed, denied, reason } from '../../lib/decision.ts';
import { event } from '../../store/log/events.ts';
import { explain } from '../../tiers/explain.ts';
import { capabilityToWire } from '../../tiers/wire.ts';
import { principal, project } from '../admission/inputs.ts';
import { mutation, query, t } from '../admission/procedure.ts';
import { keptGrants } from '../auth/kept.ts';
import type { GrantRow } from '../auth/minting.ts';
import { grants } from '../auth/schema.ts';
import type { Gateway } from '../services.ts';
import { getProcedure } from './get.ts';
import { mintProcedure } from './mint.ts';
import { renewProcedure } from './renew.ts';
import { raiseEpochProcedure, revokeProcedure } from './revoke.ts';

/** Tokens: minted, renewed, revoked, explained. */
export function tokenRouter(gateway: Gateway) {
  const { store, tokens: service } = gateway;
  return t.router({
    mint: mintProcedure(gateway),
    renew: renewProcedure(gateway),
    get: getProcedure(gateway),
    revoke: revokeProcedure(gateway),
    raiseEpoch: raiseEpochProcedure(gateway),
    list: listProcedure(gateway),
    kept: query(gateway, {
      action: 'token:read',
      description:
        'Lists living grants of an earlier version that this one would not mint, with every reason; such grants end by themselves.',
      input: z.strictObject({ project }),
      answer: (input) => keptGrants(store, input.project),
    }),
    explain: explainProcedure(gateway),
    keys: query(gateway, {
      action: 'token:read',
      description: 'Lists the public keys that tokens are verified with.',
      input: z.strictObject({ project }),
      answer: () => service.keys.jwks(),
    }),
    rotateKey: rotateKeyProcedure(gateway),
  });
}

function listProcedure(gateway: Gateway) {
  const { store } = gateway;
  return query(gateway, {
    action: 'token:read',
    description: 'Lists the grants of a project: who holds them, from whom, and whether they still hold.',
    input: z.strictObject({
      project,
      agent: principal.optional(),
      limit: z.number().int().min(1).max(1000).default(200),
    }),
    answer: async (input) => {
      const where =
        input.agent === undefined
          ? ofProject(input.project)
          : and(ofProject(input.project), eq(grants.agent, input.agent));
      const found = store.orm.select().from(grants).where(where).orderBy(desc(grants.createdAt));
      return (await found.limit(input.limit)).map(shownGrant);
    },
  });
}

/** Grants of the project, and those over several of which the project is one. */
const ofProject = (name: string) =>
  sql`(${grants.project} = ${name} or ${grants.projects} && array[${name}, '*'])`;

/** A grant in the form that clients know. */
const shownGrant = ({ grantId, project: of, parent, agent, cap, lineage, ...rest }: GrantRow) => ({
  gid: grantId,
  project: of,
  parent,
  agent,
  cap: capabilityToWire(cap),
  lin: lineage,
  ...rest,
});

function explainProcedure(gateway: Gateway) {
  return query(gateway, {
    action: 'grant:explain',
    description: 'Shows the actions and paths that the caller’s grant allows and refuses.',
    input: z.strictObject({ project }),
    answer: (_input, { grant, token }) => ({
      agent: grant.sub,
      grant: grant.grantId,
      token: token?.jti ?? null,
      expires: grant.exp,
      lineage: grant.lineage,
      ...explain(grant.cap),
    }),
  });
}

function rotateKeyProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'key:rotate',
    description:
      'Signs new tokens with the next key; the former key verifies until its last token has expired.',
    input: z.strictObject({ project }),
    exclusive: true,
    decide: ({ grant }) =>
      grant.cap.project === '*'
        ? allowed(undefined)
        : denied(reason('grant.project', 'keys', { found: grant.cap.project, limit: '*' })),
    effect: async () => {
      const service = gateway.tokens;
      await service.keys.rotate();
      const { kid } = service.keys.active();
      return { answer: { kid }, events: [event('key.rotated', `key/${kid}`, { kid })] };
    },
    after: async (answer) => {
      await gateway.tokens.shareKeys();
      return answer;
    },
  });
}
