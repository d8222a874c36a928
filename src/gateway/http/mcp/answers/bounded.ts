import { charactersWithin, tokensAbout } from './tokens.ts';

/** About the number of tokens of an answer that is no list and no diff. */
const answerTokensMax = 4000;
const listTokensMax = 1000;
const entriesMax = 60;
const halvings = 6;

/** Members that are read from their end: what a command printed last tells why it failed. */
const readFromEnd = new Set(['output']);

interface Bounds {
  readonly textTokensMax: number;
  readonly entriesMax: number;
  readonly reading: TextReading;
}

/** The way in which long texts are read on. */
export interface TextReading {
  /** Character at which long texts begin; undefined when the caller named none. */
  readonly from: number | undefined;
  /** The tool that shows the rest of a text; undefined when there is none. */
  readonly tool: string | undefined;
}

/**
 * An answer within bounds: the same value while it is small. Otherwise long texts and long lists in it are cut, and say
 * how to read on.
 */
export function bounded(answer: unknown, reading: TextReading): unknown {
  if (reading.from === undefined && tokensAbout(JSON.stringify(answer) ?? '') <= answerTokensMax)
    return answer;
  let shown: unknown = answer;
  for (let n = 0; n <= halvings; n++) {
    const share = 2 ** n;
    const textTokensMax = Math.ceil(answerTokensMax / 2 / share);
    shown = cut(answer, { textTokensMax, entriesMax: Math.ceil(entriesMax / share), reading });
    if (tokensAbout(JSON.stringify(shown)) <= answerTokensMax) return shown;
  }
  return shown;
}

/** A row of a list, with its long texts cut. */
export const boundedRow = (row: unknown, reading: TextReading): unknown =>
  cut(row, { textTokensMax: listTokensMax, entriesMax, reading });

function cut(value: unknown, bounds: Bounds, member = ''): unknown {
  if (typeof value === 'string') return cutText(value, bounds, member);
  if (Array.isArray(value)) {
    const kept = value.slice(0, bounds.entriesMax).map((one) => cut(one, bounds, member));
    const left = value.length - kept.length;
    return left === 0 ? kept : [...kept, `… and ${left} more`];
  }
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return cutMembers(value, bounds);
}

function cutMembers(value: object, bounds: Bounds): Readonly<Record<string, unknown>> {
  const members = Object.entries(value);
  const kept = members
    .slice(0, bounds.entriesMax)
    .map(([name, one]) => [name, cut(one, bounds, name)] as const);
  const left = members.length - kept.length;
  return Object.fromEntries(left === 0 ? kept : [...kept, ['…', `and ${left} more`]]);
}

function cutText(text: string, { textTokensMax, reading }: Bounds, member: string): string {
  if (charactersWithin(text, textTokensMax) === text.length) return text;
  const { from, tool } = reading;
  if (from === undefined && readFromEnd.has(member)) return endOf(text, textTokensMax, tool);
  const begin = Math.min(from ?? 0, text.length);
  const end = begin + charactersWithin(text.slice(begin), textTokensMax);
  const left = text.length - end;
  return `${text.slice(begin, end)}${left === 0 ? '' : ` … [${left} more characters${readOn(tool, end)}]`}`;
}

const readOn = (tool: string | undefined, from: number): string =>
  tool === undefined ? '' : `: the tool ${tool} with text_from ${from}`;

/** The last lines of a text. */
function endOf(text: string, tokensMax: number, tool: string | undefined): string {
  const backwards = [...text].reverse().join('');
  const begin = text.length - charactersWithin(backwards, tokensMax);
  const line = text.indexOf('\n', begin) + 1;
  const at = line === 0 || line > begin + 200 ? begin : line;
  return `[${at} characters before this${readOn(tool, 0)}] … ${text.slice(at)}`;
}
