import { type Reason, reason } from '../lib/decision.ts';

/**
 * Reasons why a grant may not last until `wantedMs`: a grant ends with its parent at the latest. Both times
 * in milliseconds since 1970.
 */
export function endReasons(subject: string, wantedMs: number, parentEnd: Date): Reason[] {
  if (wantedMs <= parentEnd.getTime()) return [];
  const found = new Date(wantedMs).toISOString();
  return [reason('grant.end', subject, { found, limit: parentEnd.toISOString() })];
}
