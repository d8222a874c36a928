import type { Action } from '../../tiers/actions.ts';
import { actions } from '../../tiers/actions.ts';
import type { Capability, VerifiedToken } from '../../tiers/capability.ts';
import { claimsFromWire, type WireClaims } from '../../tiers/wire.ts';

/** Actions that are answered with a token: script gets none, so a page has none of them. */
const answeredByTokens: readonly Action[] = ['token:mint', 'token:renew', 'run:take', 'gate:take'];

/** The rights of a session: those of the grant without the actions that hand out tokens, or its queries alone. */
export function sessionCapability(cap: Capability, readOnly: boolean): Capability {
  const kept = cap.actions.filter(
    (action) => !answeredByTokens.includes(action) && (!readOnly || actions[action].kind === 'query'),
  );
  return { ...cap, actions: kept };
}

/** The stored claims of a code or a session, as admission judges them: under the key of the token that asked. */
export const holderOf = ({ claims, kid }: { claims: WireClaims; kid: string }): VerifiedToken => ({
  ...claimsFromWire(claims),
  kid,
});
