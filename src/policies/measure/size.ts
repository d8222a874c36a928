import { limits } from '../../lib/limits.ts';
import type { FileRefusal } from './unit.ts';

// The line terminators of ECMAScript 2025, 12.3.
const terminator = /\r\n|[\n\r\u2028\u2029]/g;

/**
 * The refusal of a `text` too large to be parsed, or undefined. Limits are `sourceLinesMax` and
 * `sourceColumnsMax` (UTF-16 units).
 */
export function sizeFault(text: string): FileRefusal | undefined {
  let line = 1;
  let from = 0;
  for (const found of text.matchAll(terminator)) {
    const fault = columnFault(line, found.index - from);
    if (fault !== undefined) return fault;
    line += 1;
    if (line > limits.sourceLinesMax + 1) return linesFault();
    from = found.index + found[0].length;
  }
  if (line > limits.sourceLinesMax && from < text.length) return linesFault();
  return columnFault(line, text.length - from);
}

function columnFault(line: number, columns: number): FileRefusal | undefined {
  if (columns <= limits.sourceColumnsMax) return undefined;
  return {
    code: 'source.size',
    line,
    found: `${columns} characters in a line`,
    limit: limits.sourceColumnsMax,
  };
}

const linesFault = (): FileRefusal => ({
  code: 'source.size',
  found: `more than ${limits.sourceLinesMax} lines`,
  limit: limits.sourceLinesMax,
});
