import { createHash } from 'node:crypto';

/** An error as it is remembered: its words, the same without what differs each time, and the name of that. */
export interface SeenError {
  readonly text: string;
  readonly masked: string;
  readonly fingerprint: string;
}

// Escape sequences of terminals, and the times and marks that runners put in front of lines.
const escapes = /\u001b\[[0-9;?]*[ -/]*[@-~]|\u001b[@-_]/g;
const lead = /^(?:\s*(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d(?:[.,]\d+)?Z?\s+|\s*[|│>#]\s+)+/;

/** First lines of errors, the surest forms first: a compiler's, an exception's, a test runner's, any that says so. */
const openings: readonly RegExp[] = [
  /\berror(?: |\[)[A-Z]{1,4}\d{2,5}\b/,
  /^\s*(?:Uncaught |Unhandled |Caused by: |\[?cause\]?: )?(?:[\w$.]*(?:Error|Exception|Panic|Failure))(?: \[\w+\])?(?::|$)/,
  /^\s*(?:E\s{2,}\S|panic: |fatal: |thread '.*' panicked|Traceback |Segmentation fault|npm (?:ERR!|error) )/,
  /^\s*(?:not ok \d+|✗|✖|×|✘|FAIL(?:ED)?\b|--- FAIL)/,
  /\b(?:error|fatal|failed|failure)\b/i,
];

/** Lines below an opening that say more of the same error. */
const more =
  /^(?:\s{2,}(?!at |\d+ [|│]|[~^]+\s*$)\S|\s*(?:Expected|Received|expected|actual|operator|[-+] )|error: ')/;
const moreMax = 3;
const textLengthMax = 600;

/** The error in the output of a command: its opening line, and the lines below that belong to it. */
function errorLines(output: string): string[] {
  const lines = output
    .replace(escapes, '')
    .replace(/\r/g, '')
    .split('\n')
    .map((line) => line.replace(lead, '').trimEnd());
  for (const opening of openings) {
    const at = lines.findIndex((line) => opening.test(line));
    if (at === -1) continue;
    const below: string[] = [];
    for (const line of lines.slice(at + 1, at + 1 + moreMax)) {
      if (!more.test(line)) break;
      below.push(line);
    }
    return [lines[at] ?? '', ...below];
  }
  const last = lines.findLast((line) => line.trim() !== '');
  return last === undefined ? [] : [last];
}

const path = String.raw`(?:[A-Za-z]:)?(?:\.{0,2}[\\/])?(?:[\w@.+-]+[\\/])+[\w@.+-]*`;
const file = String.raw`\b[\w@+-]+(?:\.[\w-]+)*\.(?:[cm]?[jt]sx?|json|ya?ml|py|rs|go|java|rb|php|cs?|cpp|hpp?|h|css|scss|html|vue|sql|sh|toml|md)\b`;
const place = String.raw`(?:\(\d+,\d+\)|:\d+(?::\d+)?)?`;

/** Parts of errors that differ each time, each with what stands in its place; the order matters. */
const masks: readonly (readonly [RegExp, string])[] = [
  [/\b(?:https?|file|node|data|postgres(?:ql)?):\/{1,3}\S+/g, '<url>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi, '<id>'],
  [/\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?\b/g, '<time>'],
  [new RegExp(`(?:${path}|${file})${place}`, 'g'), '<path>'],
  [/\b0x[0-9a-f]+\b/gi, '<hex>'],
  [/\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,64}\b/gi, '<hex>'],
  [/(?<![\w<])[-+]?\d+(?:[.,]\d+)*(?:\s?(?:ms|s|m|h|%|[kKMG]i?B|bytes?))?(?![\w>])/g, '<n>'],
  [/^\s*(?:<path>)?\s*(?:[-:]\s*)?(?=\S)/, ''],
  [/\s+/g, ' '],
];

/** An error without paths, numbers, times and ids. */
function maskOf(text: string): string {
  let masked = text;
  for (const [pattern, mark] of masks) masked = masked.replace(pattern, mark);
  return masked.trim().slice(0, textLengthMax);
}

const outputLengthMax = 300_000;

/** The error in an output; undefined for one without a word. */
export function errorIn(output: string): SeenError | undefined {
  const text = errorLines(output.slice(-outputLengthMax))
    .join('\n')
    .slice(0, 2 * textLengthMax);
  const masked = maskOf(text);
  // A mask alone is like every other one.
  if (!/\p{L}/u.test(masked.replace(/<\w+>/g, ''))) return undefined;
  const fingerprint = createHash('sha256').update(masked).digest('hex').slice(0, 32);
  return { text: text.trim(), masked, fingerprint };
}
