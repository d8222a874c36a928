import { tokensAtMost } from '../lib/token-bound.ts';
import { quoted } from '../messages/task-words.ts';

/** One line of a briefing. */
export interface BriefingLine {
  readonly text: string;
  /** The thing that the line tells of: `task/cart-api`, `change/chg_…`, `grant/gnt_…`. */
  readonly about: string;
  /** True for words of Andon's; false for a text that others wrote, which stands quoted. */
  readonly own: boolean;
}

/** Lines on one topic, of which a briefing shows as many as fit into so many tokens. */
export interface BriefingSection {
  readonly topic: Topic;
  readonly lines: readonly BriefingLine[];
  readonly tokensMax: number;
}

/** Topics that a briefing can tell more of. */
export const topics = [
  'reader',
  'task',
  'attempts',
  'checkpoints',
  'blockers',
  'questions',
  'decisions',
  'solutions',
  'files',
  'description',
  'plan',
] as const;
/** Topic of a part of a briefing. */
export type Topic = (typeof topics)[number];

/** A line in Andon's words. */
export const own = (about: string, text: string): BriefingLine => ({ about, text, own: true });

const lineLengthMax = 400;

/** The lines of a text that others wrote, quoted. */
export const told = (about: string, text: string): BriefingLine[] =>
  quoted(text).map((line) => ({ about, text: cut(line), own: false }));

const cut = (line: string): string =>
  line.length > lineLengthMax ? `${line.slice(0, lineLengthMax - 1)}…` : line;

/** The most tokens of lines that end in line breaks. */
export const tokensOf = (lines: readonly BriefingLine[]): number =>
  lines.reduce((sum, { text }) => sum + tokensAtMost(text) + 1, 0);

const restTokens = 40;

/** The lines that fit into so many tokens, with a last one that tells of the others. */
export function fitting({ topic, lines }: BriefingSection, tokensMax: number): readonly BriefingLine[] {
  if (tokensOf(lines) <= tokensMax) return lines;
  const shown: BriefingLine[] = [];
  let left = tokensMax - restTokens;
  for (const line of lines) {
    left -= tokensOf([line]);
    if (left < 0) break;
    shown.push(line);
  }
  const [first] = lines;
  if (first === undefined || tokensMax < restTokens) return [];
  const rest = lines.length - shown.length;
  return [...shown, own(first.about, `… ${rest} lines more on ${topic}: andon continue --help`)];
}
