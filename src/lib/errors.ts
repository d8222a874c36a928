import { exitCodes } from './code-row.ts';
import { type Code, codes } from './codes/index.ts';
import { type Reason, type ReasonDetail, reason } from './decision.ts';
import { defined } from './defined.ts';

/** A failure with at least one reason. `code` is the code of the first reason. */
export class AndonError extends Error {
  readonly code: Code;
  readonly reasons: readonly [Reason, ...Reason[]];

  constructor(reasons: readonly [Reason, ...Reason[]], options?: ErrorOptions) {
    super(reasons.map(sentence).join('; '), options);
    this.name = 'AndonError';
    this.code = reasons[0].code;
    this.reasons = reasons;
  }

  /** The HTTP status of the first reason. */
  get status(): number {
    return codes[this.code].http;
  }

  /** The process exit code of the first reason. */
  get exit(): number {
    return exitCodes[codes[this.code].exit];
  }
}

/** Makes an error of a single reason. */
export function fail(code: Code, subject: string, detail: ReasonDetail = {}, cause?: unknown): AndonError {
  return new AndonError([reason(code, subject, detail)], defined({ cause }));
}

/** Formats a reason as one line: code, subject, found, limit, before, next step. */
export function sentence(one: Reason): string {
  const found = one.found === undefined ? '' : ` found \`${one.found}\`,`;
  const limit = one.limit === undefined ? '' : ` limit \`${one.limit}\`,`;
  const before = one.before === undefined ? '' : ` before \`${one.before}\`,`;
  return `${one.code}: \`${one.subject}\`:${found}${limit}${before} ${one.rule}; next: ${one.next}`;
}
