import { type Reason, valueWords } from '../../lib/decision.ts';

/** Widest column of subjects; a longer one pushes its detail to the right. */
const subjectColumnsMax = 48;

/**
 * A refusal for the pusher's terminal: one line for the refused ref, one for every reason, one for the next
 * step. Control bytes of paths and names are written out, so that a path cannot draw on the terminal.
 */
export function refusalLines(ref: string, reasons: readonly Reason[]): string[] {
  const short = printable(ref.replace(/^refs\/heads\//, ''));
  const count = reasons.length === 1 ? '1 reason' : `${reasons.length} reasons`;
  const codes = width(
    reasons.map(({ code }) => code.length),
    24,
  );
  const subjects = width(
    reasons.map(({ subject }) => printable(subject).length),
    subjectColumnsMax,
  );
  const rows = reasons.map((reason) =>
    `  ${reason.code.padEnd(codes)}  ${printable(reason.subject).padEnd(subjects)}  ${detail(reason)}`.trimEnd(),
  );
  const steps = [...new Set(reasons.map(({ next }) => printable(next)))];
  const isPush = (step: string): boolean => step.startsWith('git push ');
  const pushes = steps.some(isPush) ? steps.filter(isPush) : ['push again'];
  const ordered = [...steps.filter((step) => !isPush(step)), ...pushes];
  return [`andon: refused ${short} (${count})`, ...rows, `next: ${ordered.join('; ')}`];
}

const width = (lengths: readonly number[], max: number): number => Math.min(Math.max(0, ...lengths), max);

const detail = (one: Reason): string => (one.found === undefined ? one.rule : printable(valueWords(one)));

/** Text with control characters, direction overrides and line breaks written as their numbers. */
export const printable = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`,
  );
