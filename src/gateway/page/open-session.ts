import { and, eq, gt, isNull, lt, sql } from 'drizzle-orm';
import { allowUnless, type Decision, denied, type Reason, reason } from '../../lib/decision.ts';
import { AndonError } from '../../lib/errors.ts';
import { newId } from '../../process/new-id.ts';
import { event } from '../../store/log/events.ts';
import { statement, type Tx } from '../../store/store.ts';
import { claimsToWire } from '../../tiers/wire.ts';
import { callOf } from '../admission/admission.ts';
import { admit } from '../admission/admit.ts';
import type { Case } from '../admission/definitions.ts';
import { renewedDraft, unsigned } from '../auth/draft.ts';
import { recordToken, seconds } from '../auth/minting.ts';
import type { Gateway } from '../services.ts';
import { type PageKey, pageCodes, pageSessions } from './schema.ts';
import { holderOf, sessionCapability } from './session-claims.ts';

const triesMax = 5;

/** A row of the table of codes, and of the table of sessions. */
type StoredCode = typeof pageCodes.$inferSelect;
export type SessionRow = typeof pageSessions.$inferSelect;

/** A browser that asks for a session: hashes of its code and of the cookie that it will get, and its key. */
export interface OpenInput {
  readonly project: string;
  readonly codeHash: string;
  readonly cookieHash: string;
  readonly origin: string;
  readonly publicKey: PageKey;
}

type OpenCase = Case<OpenInput, unknown, StoredCode | undefined>;

function decideOpen({ input, facts: code, entered: { now } }: OpenCase): Decision<StoredCode> {
  if (code === undefined) return denied(reason('page.code', 'code'));
  const reasons: Reason[] = [];
  if (code.usedAt !== null) reasons.push(reason('page.code', 'code', { found: 'used before' }));
  if (code.expiresAt <= now)
    reasons.push(reason('page.code', 'code', { found: 'older than a minute', limit: '60 s' }));
  if (code.origin !== input.origin)
    reasons.push(reason('page.code', 'code', { found: input.origin, limit: code.origin }));
  return allowUnless(reasons, code);
}

const lockCode = async (tx: Tx, hash: string): Promise<StoredCode | undefined> => {
  const [row] = await tx.orm.select().from(pageCodes).where(eq(pageCodes.hash, hash)).for('update');
  return row;
};

async function store(tx: Tx, code: StoredCode, input: OpenInput, now: Date): Promise<SessionRow> {
  const opener = unsigned(holderOf(code));
  const cap = sessionCapability(opener.cap, code.readOnly);
  const next = { jti: newId('token'), lifeSeconds: code.lifeSeconds };
  const draft = renewedDraft({ ...opener, cap }, next, seconds(now));
  await recordToken(tx, draft);
  await tx.orm.update(pageCodes).set({ usedAt: now }).where(eq(pageCodes.hash, code.hash));
  const { project, grantId, agent, kid, origin, tunnel, readOnly } = code;
  const values = {
    ...{ id: newId('page'), cookie: input.cookieHash, publicKey: input.publicKey, jti: draft.jti },
    ...{ project, grantId, agent, kid, origin, tunnel, readOnly, claims: claimsToWire(draft) },
    ...{ createdAt: now, seenAt: now, expiresAt: new Date(draft.exp * 1000) },
  };
  const [row] = await tx.orm.insert(pageSessions).values(values).returning();
  if (row === undefined) throw new Error('a session was not stored');
  return row;
}

/** Opens the session of a code, through admission: under the grant of the code's maker, and recorded. */
export async function openSession(
  gateway: Gateway,
  input: Omit<OpenInput, 'project' | 'codeHash'>,
  codeHash: string,
): Promise<SessionRow> {
  const [code] = await gateway.store.orm.select().from(pageCodes).where(eq(pageCodes.hash, codeHash));
  if (code === undefined) throw new AndonError([reason('page.code', 'code', { found: 'an unknown code' })]);
  let opened: SessionRow | undefined;
  await admit(
    gateway,
    {
      action: 'token:renew',
      description: 'Opens a session.',
      input: undefined as never,
      facts: (tx) => lockCode(tx, codeHash),
      decide: decideOpen,
      effect: async (tx, { decided }, found) => {
        opened = await store(tx, decided, found.input, found.entered.now);
        const { id, origin, readOnly, jti: token } = opened;
        const until = opened.expiresAt.toISOString();
        return {
          answer: { id },
          events: [event('page.opened', `page/${id}`, { origin, readOnly, token, until })],
        };
      },
    },
    callOf(holderOf(code)),
    { ...input, codeHash, project: code.project },
  );
  if (opened === undefined) throw new Error('a session was not opened');
  return opened;
}

const countTry = statement(
  'pages.countTry',
  'update page_codes set tries = tries + 1 where used_at is null and expires_at > andon_now() and tries < $1',
);

/**
 * The hash of the code whose first characters were typed. A wrong guess counts against every code that waits:
 * after five, none is typed any more, and the whole code is needed.
 */
export async function typedCode(gateway: Gateway, typedHash: string): Promise<string> {
  const [row] = await gateway.store.orm
    .select({ hash: pageCodes.hash })
    .from(pageCodes)
    .where(
      and(
        eq(pageCodes.typed, typedHash),
        lt(pageCodes.tries, triesMax),
        isNull(pageCodes.usedAt),
        gt(pageCodes.expiresAt, sql`andon_now()`),
      ),
    );
  if (row !== undefined) return row.hash;
  await gateway.store.rows(countTry, [triesMax]);
  throw new AndonError([reason('page.code', 'code', { found: 'no code that waits', limit: '5 tries' })]);
}
