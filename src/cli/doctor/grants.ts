import type { Reason } from '../../lib/decision.ts';
import { dateWords } from '../dates.ts';
import { type Finding, note, ok } from './finding.ts';

interface Kept {
  readonly gid: string;
  readonly agent: string;
  readonly expiresAt: Date | string;
  readonly reasons: readonly Pick<Reason, 'rule' | 'found' | 'limit'>[];
}

/**
 * Findings for grants of an earlier version that this one would not mint: such grants go on until they end by
 * themselves.
 */
export function keptFindings(kept: readonly Kept[]): Finding[] {
  if (kept.length === 0) return [ok('grants', 'names and ends', 'as they would be minted today')];
  return kept.flatMap(({ gid, agent, expiresAt, reasons }) =>
    reasons.map(({ rule, found, limit }) => {
      const words = `${found ?? ''}${limit === undefined ? '' : `, limit ${limit}`}; ${rule}`;
      const end = dateWords(expiresAt);
      return note(
        'grants',
        `${agent} ${gid}`,
        words,
        `it ends ${end}; or: andon token revoke ${gid} --why …`,
      );
    }),
  );
}
