const nameCharsMax = 80;
const scopeCharsMax = 400;
// Names come from strangers and end in terminals: no control, format, private or unassigned character passes.
const unprintable = /[\p{C}\u2028\u2029]/gu;

/** A name as it may be shown. */
export const cleanName = (name: string): string => name.slice(0, nameCharsMax).replace(unprintable, '?');

/** A name inside of a scope. Deep nesting would make names as long as the file; their middle is left out. */
export function within(scope: string, name: string): string {
  const whole = scope === '' ? name : `${scope}.${name}`;
  return whole.length <= scopeCharsMax
    ? whole
    : `${whole.slice(0, scopeCharsMax / 2)}…${whole.slice(-scopeCharsMax / 2)}`;
}
