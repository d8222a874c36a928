import type { KeyObject } from 'node:crypto';
import { CompactSign, compactVerify } from 'jose';
import type { Reason } from '../../lib/decision.ts';
import type { ChainedEvent } from '../../store/log/chain.ts';
import type { RevocationEntry } from '../../store/log/event-data/shared.ts';
import type { Checkpoint } from '../../store/log/verify-log.ts';
import { type Store, statement } from '../../store/store.ts';
import type { Grant, VerifiedToken } from '../../tiers/capability.ts';
import type { GrantDraft } from './claims.ts';
import { foreignKey, type KeyRing } from './keys.ts';
import type { RevocationRow, Revocations } from './revocations.ts';
import { createTokenAuthority, type TokenAuthority } from './verify-token.ts';

/** Tokens, and the state about them in memory. Mutations read the database instead. */
export interface TokenService {
  readonly issuer: string;
  readonly keys: KeyRing;
  authenticate(header: string | undefined): Promise<VerifiedToken>;
  /** The grant of an authentic token that may have ended; admission refuses an ended one and records the refusal. */
  identify(header: string | undefined): Promise<VerifiedToken>;
  sign(draft: GrantDraft): Promise<string>;
  /** The revocation of the grant in memory as a reason, or undefined. */
  revoked(grant: Grant): Reason | undefined;
  epochOf(project: string): number;
  /** The second at which the epoch of the project was raised last; undefined when it never was. */
  raisedAt(project: string): number | undefined;
  knowsProject(project: string): boolean;
  /**
   * Makes a project known at once on the gateway that created it; other gateways learn of the project by the
   * feed.
   */
  know(project: string): void;
  signCheckpoint(position: number, hash: string): Promise<Checkpoint>;
  verifiesCheckpoint(checkpoint: Checkpoint): Promise<boolean>;
  /** Publishes the keys of this ring to the other gateways of the database, and trusts theirs. */
  shareKeys(): Promise<void>;
}

/** Store, issuer, keys and revocations of the service. */
export interface TokenServiceOptions {
  readonly store: Store;
  readonly issuer: string;
  readonly keys: KeyRing;
  readonly revocations: Revocations;
  readonly now: () => number;
}

const readRevocations = statement(
  'tokens.revocations',
  `select project, kind, value from revocations where kind <> 'epoch'`,
);
const readEpochs = statement(
  'tokens.epochs',
  'select name, epoch, epoch_raised_at as "raisedAt" from projects',
);
const readKeys = statement('tokens.keys', 'select kid, jwk from signing_keys');
const putKey = statement(
  'tokens.putKey',
  `insert into signing_keys (kid, jwk, state) values ($1, $2::jsonb, $3) on conflict (kid) do update set state = excluded.state`,
);

// The order in which a key ring publishes its keys.
const keyStates = ['active', 'next'];

interface EpochRow {
  readonly name: string;
  readonly epoch: number;
  readonly raisedAt: Date | null;
}

const raisedIn = (raisedAt: Date | null): { readonly raisedAtSeconds?: number } =>
  raisedAt === null ? {} : { raisedAtSeconds: Math.floor(raisedAt.getTime() / 1000) };

/** A stored revocation in the form of memory. */
function asRow({ project, kind, value }: RevocationEntry): RevocationRow {
  if (kind === 'token') return { kind, jti: value };
  if (kind === 'grant') return { kind, grantId: value, project };
  if (kind === 'agent') return { kind, sub: value, project };
  return { kind, kid: value };
}

/** Loads revocations, then follows the feed: `hear` is to be called with every page of events, in order. */
export async function createTokenService(
  options: TokenServiceOptions,
): Promise<TokenService & { hear(events: readonly ChainedEvent[]): void }> {
  const { store, issuer, keys, revocations, now } = options;
  const authority: TokenAuthority = createTokenAuthority({ issuer, keys, now, revocations });
  const projects = new Set<string>();
  for (const row of await store.rows<RevocationEntry>(readRevocations)) revocations.apply(asRow(row));
  for (const { name, epoch, raisedAt } of await store.rows<EpochRow>(readEpochs)) {
    projects.add(name);
    revocations.apply({ kind: 'epoch', project: name, epoch, ...raisedIn(raisedAt) });
  }
  const shareKeys = async (): Promise<void> => {
    for (const [index, jwk] of keys.jwks().keys.entries()) {
      await store.rows(putKey, [jwk.kid, JSON.stringify(jwk), keyStates[index] ?? 'retired']);
    }
    await keys.trust((await store.rows<{ jwk: unknown }>(readKeys)).map(({ jwk }) => jwk));
  };
  await shareKeys();
  return {
    issuer,
    keys,
    shareKeys,
    authenticate: (header) => authority.authenticate(header),
    identify: (header) => authority.identify(header),
    sign: (draft) => authority.sign(draft),
    revoked: (grant) => revocations.check(grant, Math.floor(now() / 1000)),
    epochOf: (project) => revocations.epoch(project),
    raisedAt: (project) => revocations.raisedAt(project),
    knowsProject: (project) => projects.has(project),
    know: (project) => {
      projects.add(project);
      revocations.apply({ kind: 'epoch', project, epoch: 1 });
    },
    signCheckpoint: async (position, hash) => {
      const { kid, privateKey } = keys.active();
      const payload = new TextEncoder().encode(checkpointText(position, hash));
      const signature = await new CompactSign(payload)
        .setProtectedHeader({ alg: 'EdDSA', typ: 'andon-checkpoint', kid })
        .sign(privateKey);
      return { position, hash, kid, signature };
    },
    verifiesCheckpoint: async (checkpoint) => {
      const key = keys.verifier(checkpoint.kid) ?? (await everPublished(store, checkpoint.kid));
      return verifyCheckpoint(checkpoint, () => key);
    },
    hear: (events) => {
      for (const event of events) applyEvent(event, { revocations, projects, shareKeys });
    },
  };
}

const readKey = statement('tokens.key', 'select kid, jwk from signing_keys where kid = $1');

/**
 * A key that any gateway of the database has ever published. Tokens are not verified with it: a checkpoint
 * outlives the time for which a retired key is honoured, and another gateway may have signed it with a ring
 * that this one has not met.
 */
async function everPublished(store: Store, kid: string): Promise<KeyObject | undefined> {
  const [row] = await store.rows<{ jwk: unknown }>(readKey, [kid]);
  return row === undefined ? undefined : (await foreignKey(row.jwk))[1];
}

const checkpointText = (position: number, hash: string): string => `${position} ${hash}`;

/** True when the checkpoint was signed by a known key over exactly this position and hash. */
export async function verifyCheckpoint(
  checkpoint: Checkpoint,
  keyOf: (kid: string) => KeyObject | undefined,
): Promise<boolean> {
  const key = keyOf(checkpoint.kid);
  if (key === undefined) return false;
  try {
    const { payload, protectedHeader } = await compactVerify(checkpoint.signature, key, {
      algorithms: ['EdDSA'],
    });
    return (
      protectedHeader.typ === 'andon-checkpoint' &&
      new TextDecoder().decode(payload) === checkpointText(checkpoint.position, checkpoint.hash)
    );
  } catch {
    return false;
  }
}

interface TokenMemory {
  readonly revocations: Revocations;
  readonly projects: Set<string>;
  readonly shareKeys: () => Promise<void>;
}

function applyEvent(event: ChainedEvent, { revocations, projects, shareKeys }: TokenMemory): void {
  const { type, project } = event;
  if (type === 'project.created') {
    projects.add(project);
    revocations.apply({ kind: 'epoch', project, epoch: 1 });
  }
  if (event.type === 'token.revoked' || event.type === 'page.ended' || event.type === 'agent.terminated')
    for (const row of event.data.rows) revocations.apply(asRow(row));
  if (event.type === 'epoch.raised')
    revocations.apply({ kind: 'epoch', project, epoch: event.data.epoch, ...raisedIn(new Date(event.at)) });
  // A failure here heals at the next start; until then tokens of the new key are refused, never accepted.
  if (type === 'key.rotated') void shareKeys().catch(() => {});
}
