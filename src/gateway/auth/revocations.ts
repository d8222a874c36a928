import { type Reason, reason } from '../../lib/decision.ts';
import type { Grant, VerifiedToken } from '../../tiers/capability.ts';

/**
 * One revocation. `grant` takes every descendant along by their lineage. `token` alone ends one token and
 * leaves its grant alive (a renewed predecessor); revoking a token for cause takes a `grant` row as well. A
 * `grant` row ends a grant in one project, or in all.
 * `agent` ends the principal's own grants, in one project or in all; its children fall by a `grant` row for
 * each of its grants. An `epoch` ends every grant of the project (or of `*`) that was minted under a lower
 * one.
 */
export type RevocationRow =
  | {
      readonly kind: 'token';
      readonly jti: string;
      readonly fromSeconds?: number;
      readonly expSeconds?: number;
    }
  | { readonly kind: 'grant'; readonly grantId: string; readonly project?: string }
  | { readonly kind: 'agent'; readonly sub: string; readonly project?: string }
  | { readonly kind: 'key'; readonly kid: string }
  | {
      readonly kind: 'epoch';
      readonly project: string;
      readonly epoch: number;
      readonly raisedAtSeconds?: number;
    };

/** A grant, with the token that speaks for it, if there is one. */
type TokenHolder = Grant & Partial<Pick<VerifiedToken, 'jti' | 'kid'>>;

/** Revocations in memory; fed with the rows of the database. */
export interface Revocations {
  /** Applies a row; applying it again changes nothing, and an epoch never falls. */
  apply(row: RevocationRow): void;
  /** The revocation of the grant as a reason, or undefined. Constant time but for the lineage of at most four. */
  check(grant: TokenHolder, nowSeconds?: number): Reason | undefined;
  /** Epoch of a project, or of `*`; 0 when none was applied. */
  epoch(project: string): number;
  /** The second at which the epoch of a project was raised last; undefined when it never was. */
  raisedAt(project: string): number | undefined;
  /** Forgets single tokens that have expired anyway; the number forgotten. */
  sweep(nowSeconds: number): number;
}

interface RevokedToken {
  readonly fromSeconds: number;
  readonly expSeconds: number;
}

/** Makes an empty set of revocations. */
export function createRevocations(): Revocations {
  const tokens = new Map<string, RevokedToken>();
  const grants = new Map<string, Set<string>>();
  const agents = new Map<string, Set<string>>();
  const kids = new Set<string>();
  const epochs = new Map<string, number>();
  const raised = new Map<string, number>();

  const isIn = (of: ReadonlyMap<string, ReadonlySet<string>>, value: string, { cap }: Grant): boolean => {
    const projects = of.get(value);
    return projects !== undefined && (projects.has('*') || projects.has(cap.project) || cap.project === '*');
  };
  const isTokenRevoked = (jti: string, nowSeconds: number): boolean => {
    const row = tokens.get(jti);
    return row !== undefined && nowSeconds >= row.fromSeconds;
  };
  const lineageReason = (grant: Grant): Reason | undefined => {
    const { grantId, lineage } = grant;
    if (isIn(grants, grantId, grant)) return revoked(grantId, 'grant');
    const ancestor = lineage.find((one) => isIn(grants, one, grant));
    return ancestor === undefined ? undefined : revoked(ancestor, 'ancestor');
  };
  const holderReason = (grant: TokenHolder): Reason | undefined => {
    if (isIn(agents, grant.sub, grant)) return revoked(grant.sub, 'agent');
    const { kid } = grant;
    return kid !== undefined && kids.has(kid) ? revoked(kid, 'key') : undefined;
  };
  const epochReason = ({ cap, epoch }: Grant): Reason | undefined => {
    const present = epochs.get(cap.project) ?? 0;
    return present > epoch ? revoked(cap.project, `epoch ${epoch}`, `epoch ${present}`) : undefined;
  };

  return {
    apply(row) {
      if (row.kind === 'token') addToken(tokens, row);
      else if (row.kind === 'grant') addTo(grants, row.grantId, row.project);
      else if (row.kind === 'key') kids.add(row.kid);
      else if (row.kind === 'epoch') {
        epochs.set(row.project, Math.max(row.epoch, epochs.get(row.project) ?? 0));
        if (row.raisedAtSeconds !== undefined)
          raised.set(row.project, Math.max(row.raisedAtSeconds, raised.get(row.project) ?? 0));
      } else addTo(agents, row.sub, row.project);
    },

    check(grant, nowSeconds = Number.POSITIVE_INFINITY) {
      const { jti } = grant;
      if (jti !== undefined && isTokenRevoked(jti, nowSeconds)) return revoked(jti, 'token');
      return lineageReason(grant) ?? holderReason(grant) ?? epochReason(grant);
    },

    epoch: (project) => epochs.get(project) ?? 0,
    raisedAt: (project) => raised.get(project),

    sweep(nowSeconds) {
      const before = tokens.size;
      for (const [jti, row] of tokens) if (row.expSeconds <= nowSeconds) tokens.delete(jti);
      return before - tokens.size;
    },
  };
}

const addTo = (to: Map<string, Set<string>>, value: string, project = '*'): void => {
  to.set(value, (to.get(value) ?? new Set()).add(project));
};

// The earlier start and the later end of two rows for one token hold: applying a row never gives a right
// back.
function addToken(tokens: Map<string, RevokedToken>, row: RevocationRow & { kind: 'token' }): void {
  const known = tokens.get(row.jti);
  tokens.set(row.jti, {
    fromSeconds: Math.min(row.fromSeconds ?? 0, known?.fromSeconds ?? Number.POSITIVE_INFINITY),
    expSeconds: Math.max(row.expSeconds ?? Number.POSITIVE_INFINITY, known?.expSeconds ?? 0),
  });
}

const revoked = (subject: string, found: string, limit?: string): Reason =>
  reason('token.revoked', subject, limit === undefined ? { found } : { found, limit });
