/** The value of a JSON text, or the fault that kept it from being read. */
export type ReadJson =
  | { readonly value: unknown; readonly fault?: never }
  | { readonly fault: 'deep' | 'proto' }
  | { readonly fault: 'syntax'; readonly found: string };

/**
 * Reads JSON from outside: nested `depthMax` deep at most, without a `__proto__` that a later merge could
 * trip over.
 */
export function readJson(text: string, depthMax = Number.POSITIVE_INFINITY): ReadJson {
  if (depthMax < text.length && depthOf(text, depthMax) > depthMax) return { fault: 'deep' };
  let hasProto = false;
  const look = (key: string, value: unknown): unknown => {
    hasProto ||= key === '__proto__';
    return value;
  };
  try {
    const value: unknown = mayHoldProto.test(text) ? JSON.parse(text, look) : JSON.parse(text);
    return hasProto ? { fault: 'proto' } : { value };
  } catch (error) {
    return { fault: 'syntax', found: error instanceof Error ? error.message : '' };
  }
}

/** Reads JSON as `readJson` does and drops the fault: undefined for a text that cannot be read. */
export const jsonOf = (text: string): unknown => {
  const read = readJson(text);
  return read.fault === undefined ? read.value : undefined;
};

// Visiting every member costs more than parsing: only a text that could hold the name, be it by an escape, is
// visited.
const mayHoldProto = /__proto__|\\u/;

const quote = 34;
const backslash = 92;
/** The depth that a character adds: brackets of either kind. */
const steps: Readonly<Record<number, number>> = { 91: 1, 123: 1, 93: -1, 125: -1 };

/** The depth of nested brackets, strings left out; stops counting once the limit is passed. */
function depthOf(text: string, depthMax: number): number {
  let depth = 0;
  let deepest = 0;
  for (let i = 0; i < text.length && deepest <= depthMax; i++) {
    const char = text.charCodeAt(i);
    if (char === quote) i = endOfString(text, i);
    else depth += steps[char] ?? 0;
    if (depth > deepest) deepest = depth;
  }
  return deepest;
}

/** The end of the string that begins at `start`; the end of the text when it does not end. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char === quote) return i;
    if (char === backslash) i++;
  }
  return text.length;
}
