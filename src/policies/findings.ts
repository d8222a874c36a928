import type { Code } from '../lib/codes/index.ts';
import { type Reason, type ReasonDetail, reason } from '../lib/decision.ts';

/** Most reasons of one code that are listed; the rest are counted in one further reason. */
const reasonsPerCodeMax = 50;

/** Collects reasons: each subject once per code, a bounded number of each code, then a count. */
export interface Findings {
  add(code: Code, subject: string, detail?: ReasonDetail): void;
  list(): Reason[];
}

/** Creates an empty collection that lists at most `max` reasons of each code. */
export function createFindings(max: number = reasonsPerCodeMax): Findings {
  const byCode = new Map<Code, Map<string, Reason | undefined>>();
  return {
    add(code, subject, detail = {}) {
      const subjects = byCode.get(code) ?? new Map<string, Reason | undefined>();
      byCode.set(code, subjects);
      if (subjects.has(subject)) return;
      subjects.set(subject, subjects.size < max ? reason(code, subject, detail) : undefined);
    },
    list() {
      return [...byCode].flatMap(([code, subjects]) => {
        const listed = [...subjects.values()].filter((one) => one !== undefined);
        const left = subjects.size - listed.length;
        return left > 0 ? [...listed, reason(code, `${left} more`, { found: left })] : listed;
      });
    },
  };
}
