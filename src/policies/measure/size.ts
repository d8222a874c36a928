import type { TextSize } from './unit.ts';

// The line terminators of ECMAScript 2025, 12.3.
const terminator = /\r\n|[\n\r\u2028\u2029]/g;

/** Lines of a text, without an empty one at its end, and its longest line. */
export function sizeOf(text: string): TextSize {
  let lines = 0;
  let from = 0;
  let columns = 0;
  let longest = 1;
  const take = (to: number): void => {
    lines += 1;
    if (to - from > columns) {
      columns = to - from;
      longest = lines;
    }
  };
  for (const found of text.matchAll(terminator)) {
    take(found.index);
    from = found.index + found[0].length;
  }
  if (from < text.length) take(text.length);
  return { lines, columns, longest };
}
