import { type Code, codes } from './codes/index.ts';

/** One finding of a policy: which rule was broken, where, by what value, against which limit, and what to do next. */
export interface Reason {
  readonly code: Code;
  /** What was broken, where: a path, a task, an action. */
  readonly subject: string;
  readonly found?: string | number;
  readonly limit?: string | number;
  readonly rule: string;
  readonly next: string;
}

export interface ReasonDetail {
  readonly found?: string | number;
  readonly limit?: string | number;
  /** Replaces the next step of the table where the policy knows a better one. */
  readonly next?: string;
}

/** Makes a reason; rule and next step come from the table of codes. */
export function reason(code: Code, subject: string, detail: ReasonDetail = {}): Reason {
  const { rule, next } = codes[code];
  return { code, subject, rule, next, ...detail };
}

declare const permitBrand: unique symbol;

/** Proof that `decide` allowed an action. An effect takes one; only `allow` makes one. */
export interface Permit<A extends string> {
  readonly action: A;
  readonly [permitBrand]: A;
}

export type Decision<A extends string> =
  | { readonly allowed: true; readonly permit: Permit<A> }
  | { readonly allowed: false; readonly reasons: readonly [Reason, ...Reason[]] };

/** Allows `action` when no policy found a reason against it; otherwise denies with every reason. */
export function decide<A extends string>(action: A, reasons: readonly Reason[]): Decision<A> {
  const [first, ...rest] = reasons;
  if (first !== undefined) return { allowed: false, reasons: [first, ...rest] };
  return { allowed: true, permit: { action } as Permit<A> };
}
