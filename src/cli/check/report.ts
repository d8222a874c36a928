import { valueWords } from '../../lib/decision.ts';
import type { CodeLimits, SourceReason } from '../../policies/altered.ts';
import { printable } from '../printable.ts';

/** One line for each reason, in columns: code, place, value and limit, next step. Empty without reasons. */
export function humanLines(reasons: readonly SourceReason[]): string[] {
  const rows = reasons.map((one) => [one.code, printable(one.subject), value(one)] as const);
  const codeWidth = Math.max(0, ...rows.map(([code]) => code.length));
  const subjectWidth = Math.min(60, Math.max(0, ...rows.map(([, subject]) => subject.length)));
  return reasons.map((one, at) => {
    const [code = '', subject = '', found = ''] = rows[at] ?? [];
    return `${code.padEnd(codeWidth)}  ${subject.padEnd(subjectWidth)}  ${found}; ${printable(one.next)}`;
  });
}

const value = (one: SourceReason): string =>
  one.found === undefined ? one.rule : printable(valueWords(one));

/** The line that ends a check, for people. */
export function summary(files: number, reasons: readonly SourceReason[], limits: CodeLimits): string {
  const bounds = `complexity at most ${limits.complexity}, functions at most ${limits.lines} lines`;
  const outcome =
    reasons.length === 0 ? 'nothing to refuse' : `refused, ${counted(reasons.length, 'reason')}`;
  return `andon check: ${outcome} in ${counted(files, 'source file')} (${bounds})`;
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
