import { type Code, codes } from './codes/index.ts';

/** One finding of a policy: the rule that was broken, the place, the value found, the limit, and the next step. */
export interface Reason {
  readonly code: Code;
  /** The subject that broke the rule: a path, a task, an action. */
  readonly subject: string;
  readonly found?: string | number;
  readonly limit?: string | number;
  /** The value before the change, where the limit is one that old code may be above. */
  readonly before?: string | number;
  readonly rule: string;
  readonly next: string;
}

/** The parts of a reason that its code does not fix: the values found and before, the limit, another next step. */
export interface ReasonDetail {
  readonly found?: string | number;
  readonly limit?: string | number;
  readonly before?: string | number;
  /** Replaces the next step of the table where the policy knows a better one. */
  readonly next?: string;
}

/** Makes a reason; rule and next step come from the table of codes. */
export function reason(code: Code, subject: string, detail: ReasonDetail = {}): Reason {
  const { rule, next } = codes[code];
  const made = { code, subject, rule, next, ...detail };
  return { ...made, next: filled(made.next, subject) };
}

/** The values of a reason in words: `12, limit 8, was 9`. Empty for a reason without values. */
export const valueWords = ({ found, limit, before }: Reason): string =>
  [
    found,
    limit === undefined ? undefined : `limit ${limit}`,
    before === undefined ? undefined : `was ${before}`,
  ]
    .filter((part) => part !== undefined)
    .join(', ');

const named = /^([a-z]+)\/([A-Za-z0-9][A-Za-z0-9_.-]*)$/;

/** A next step with the name of its subject: `<task>` is `cart` in a reason about `task/cart`. */
function filled(next: string, subject: string): string {
  if (!next.includes('<')) return next;
  const [, noun = '', name = ''] = named.exec(subject) ?? [];
  return noun === '' ? next : next.replaceAll(`<${noun}>`, () => name);
}

/** An action that is refused, with every reason. */
export interface Denied {
  readonly reasons: readonly [Reason, ...Reason[]];
}

/** An action that is allowed, with the decided values that its effect needs. */
export interface Allowed<Decided> {
  readonly decided: Decided;
}

/** The answer of a decision. An allowed decision hands on its decided values, so that no effect decides again. */
export type Decision<Decided = undefined> = Denied | Allowed<Decided>;

/** Makes a denial with at least one reason. */
export const denied = (first: Reason, ...others: readonly Reason[]): Denied => ({
  reasons: [first, ...others],
});

/** Makes an allowed decision with its decided values. */
export const allowed = <Decided>(decided: Decided): Allowed<Decided> => ({ decided });

/** True for a denial. */
export const isDenied = <Decided>(decision: Decision<Decided>): decision is Denied => 'reasons' in decision;

/** Every reason of a denial; none of an allowed decision. */
export const reasonsOf = (decision: Decision<unknown>): readonly Reason[] =>
  isDenied(decision) ? decision.reasons : [];

/** Allows when no policy found a reason against it; denies with every reason otherwise. */
export function allowUnless(reasons: readonly Reason[]): Decision;
export function allowUnless<Decided>(reasons: readonly Reason[], decided: Decided): Decision<Decided>;
export function allowUnless<Decided>(
  [first, ...others]: readonly Reason[],
  decided?: Decided,
): Decision<Decided | undefined> {
  return first === undefined ? allowed(decided) : denied(first, ...others);
}

/** A decision joined with further reasons that stand against the same action. */
export const unlessAlso = <Decided>(
  decision: Decision<Decided>,
  reasons: readonly Reason[],
): Decision<Decided> => {
  const [first, ...others] = [...reasonsOf(decision), ...reasons];
  return first === undefined ? decision : denied(first, ...others);
};

declare const permitBrand: unique symbol;

/** Proof that an action was allowed, with its decided values. An effect takes a permit; only `permit` makes one. */
export interface Permit<A extends string, Decided = undefined> {
  readonly action: A;
  readonly decided: Decided;
  readonly [permitBrand]: A;
}

/** Turns an allowed decision into the permit of its action. Only admission calls this function. */
export const permit = <A extends string, Decided>(
  action: A,
  { decided }: Allowed<Decided>,
): Permit<A, Decided> => ({ action, decided }) as Permit<A, Decided>;
