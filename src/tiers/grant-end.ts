import { type Reason, reason } from '../lib/decision.ts';

/** Why a grant may not last until `wantedMs`, both times in milliseconds since 1970: it ends at the latest with its parent. */
export function endReasons(subject: string, wantedMs: number, parentEnd: Date): Reason[] {
  if (wantedMs <= parentEnd.getTime()) return [];
  const found = new Date(wantedMs).toISOString();
  return [reason('grant.end', subject, { found, limit: parentEnd.toISOString() })];
}
