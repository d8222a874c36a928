import { type Reason, reason } from '../lib/decision.ts';
import { spanWords } from '../lib/durations.ts';
import type { Tier } from './actions.ts';
import { profiles } from './profiles.ts';

/**
 * Reasons why a grant may not last until `wantedMs`: a grant ends with its parent at the latest. Both times
 * in milliseconds since 1970.
 */
export function endReasons(subject: string, wantedMs: number, parentEnd: Date): Reason[] {
  if (wantedMs <= parentEnd.getTime()) return [];
  const found = new Date(wantedMs).toISOString();
  return [reason('grant.end', subject, { found, limit: parentEnd.toISOString() })];
}

/** The longest that a token may be asked to live: its tier's time, and that of its grant. In seconds. */
export interface LifeBounds {
  readonly tier: Tier;
  readonly grantSeconds: number;
}

/** Reasons against a wished lifetime of a token: a shorter one in its place would end in the middle of work. */
export function lifeReasons(lifeSeconds: number | undefined, { tier, grantSeconds }: LifeBounds): Reason[] {
  const tierSeconds = profiles[tier].tokenSecondsMax;
  const most = Math.min(tierSeconds, grantSeconds);
  if (lifeSeconds === undefined || lifeSeconds <= most) return [];
  const found = spanWords(lifeSeconds * 1000);
  const limit = `${spanWords(most * 1000)} (${tierSeconds <= grantSeconds ? `tier ${tier}` : 'its grant'})`;
  return [reason('token.life', 'lifeSeconds', { found, limit })];
}
