import type { Tier } from '../../../tiers/actions.ts';
import type { Budget } from '../../../tiers/capability.ts';
import type { Lease, LoggedReason, RevocationEntry, Why } from './shared.ts';

/** Data of events about grants, tokens, keys and refusals. */
export interface AccessData {
  'call.denied': { readonly tier: Tier; readonly reasons: readonly LoggedReason[] };
  'epoch.raised': Lease & Why;
  /** Either the owner's grant, the root of all, or a child, minted by a call. */
  'grant.minted': { readonly agent: string; readonly tier: Tier } & (
    | { readonly parent: null }
    | {
        readonly parent: string;
        readonly role: string;
        readonly profile: string | null;
        readonly w: readonly string[];
        readonly x: readonly string[];
        readonly budget: Budget;
        readonly projects?: readonly string[];
      }
  );
  'grant.returned': { readonly parent: string | null; readonly budget: Budget };
  'grant.updated': { readonly agent: string; readonly tier: Tier; readonly added: readonly string[] };
  'key.rotated': { readonly kid: string };
  'log.accepted': Why & {
    readonly missing: number;
    readonly mark: number;
    readonly markHash: string;
    readonly end: number;
  };
  /** A session of a browser ends; its grant lives on. */
  'page.ended': Why & { readonly rows: readonly RevocationEntry[] };
  /** A code for a browser was made: by it one session may be opened at that origin. */
  'page.offered': { readonly origin: string; readonly readOnly: boolean; readonly until: string };
  'page.opened': {
    readonly origin: string;
    readonly readOnly: boolean;
    readonly token: string;
    readonly until: string;
  };
  'token.issued': { readonly project: string; readonly to: string; readonly instead: readonly string[] };
  'token.renewed': { readonly from: string; readonly to: string; readonly repeated?: true };
  'token.replayed': { readonly token: string };
  'token.revoked': Why & { readonly rows: readonly RevocationEntry[] };
}
