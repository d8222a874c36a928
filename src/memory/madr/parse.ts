import { LineCounter, parseDocument } from 'yaml';
import { globFault } from '../../lib/globs.ts';
import type { RejectedOption } from '../schema.ts';
import { type MarkdownSection, oneLine, sectionsIn } from './sections.ts';

/** A fault of a file, with its line. */
export interface MadrFault {
  readonly line: number;
  readonly found: string;
  readonly limit: string;
}

/** A decision as a file tells it. */
export interface MadrDecision {
  /** The id of the decision that Andon wrote into the file. */
  readonly id: string | null;
  readonly question: string;
  readonly decision: string;
  readonly rationale: string;
  readonly rejected: readonly RejectedOption[];
  readonly confidence: number | null;
  readonly affects: readonly string[];
  /** The number of the file that supersedes it. */
  readonly supersededBy: number | null;
}

type Parsed = { readonly decision: MadrDecision } | { readonly faults: readonly [MadrFault, ...MadrFault[]] };

interface Front {
  readonly members: Readonly<Record<string, unknown>>;
  readonly lineOf: (member: string) => number;
  /** The number of the first line behind it, and the text from there on. */
  readonly line: number;
  readonly rest: string;
  readonly faults: readonly MadrFault[];
}

const textLengthMax = 100_000;

/**
 * Reads a file of the form of MADR, any version, or of its relatives with the sections Context and Decision. Pure.
 * Answers every fault with its line.
 */
export function parseMadr(given: string): Parsed {
  if (given.length > textLengthMax)
    return {
      faults: [{ line: 1, found: `${given.length} characters`, limit: `${textLengthMax} characters` }],
    };
  const text = given.replace(/\r\n?/g, '\n').replace(/^\ufeff/, '');
  const front = frontOf(text);
  const sections = sectionsIn(front.rest, front.line);
  const title = sections.find(({ level }) => level === 1);
  const outcome = outcomeIn(sections);
  const lastLine = text.trimEnd().split('\n').length;
  const faults = [
    ...front.faults,
    ...memberFaults(front),
    ...(title === undefined || questionOf(title.heading) === ''
      ? [{ line: front.line, found: 'no title', limit: 'a line `# …` with the question' }]
      : []),
    ...(outcome === undefined
      ? [
          {
            line: lastLine,
            found: 'no section of the decision',
            limit: '`## Decision Outcome` or `## Decision`',
          },
        ]
      : bodyFaults(outcome, sections)),
  ];
  const [first, ...others] = faults;
  if (first !== undefined) return { faults: [first, ...others] };
  return { decision: decisionOf(front.members, sections, title, outcome) };
}

const outcomeHeading = /^(?:decision outcome|decision|resolution|outcome)$/i;
/** Words for a decision in headings of other forms and languages. */
const decisionWord = /\b(?:decisions?|decided|décision|decisión|decisão|decisione|entscheidung)(?!\p{L})/iu;

const outcomeIn = (sections: readonly MarkdownSection[]): MarkdownSection | undefined =>
  sections.find(({ heading }) => outcomeHeading.test(heading)) ??
  sections.findLast(
    ({ heading, level }) => level > 1 && decisionWord.test(heading) && !driversHeading.test(heading),
  );

const contextHeading = /^(?:context|problem|background|issue)\b/i;
const driversHeading = /^decision drivers$/i;
const optionsHeading =
  /^(?:considered options|options considered|considered alternatives|alternatives(?: considered)?)$/i;
const prosHeading = /^pros and cons of the options$/i;

/** The text of a section and of those below it. */
function wholeBody(section: MarkdownSection, sections: readonly MarkdownSection[]): string {
  const below = sections.slice(sections.indexOf(section) + 1);
  const end = below.findIndex(({ level }) => level <= section.level);
  const inside = end === -1 ? below : below.slice(0, end);
  const parts = inside.map(({ level, heading, body }) => `${'#'.repeat(level)} ${heading}\n\n${body}`);
  return [section.body, ...parts].join('\n\n').trim();
}

const bodyFaults = (outcome: MarkdownSection, sections: readonly MarkdownSection[]): MadrFault[] =>
  wholeBody(outcome, sections) === ''
    ? [{ line: outcome.line, found: 'an empty decision', limit: 'a text below the heading' }]
    : [];

function frontOf(text: string): Front {
  const lines = text.split('\n');
  const none = { members: {}, lineOf: () => 1, line: 1, rest: text, faults: [] };
  if (lines[0]?.trimEnd() !== '---') return none;
  const end = lines.findIndex((one, at) => at > 0 && /^(?:---|\.\.\.)\s*$/.test(one));
  if (end === -1)
    return { ...none, faults: [{ line: 1, found: 'front matter without an end', limit: 'a line `---`' }] };
  const { members, faults } = membersOf(lines.slice(1, end).join('\n'));
  const lineOf = (member: string): number => {
    const at = lines.findIndex((one) => one.startsWith(`${member}:`));
    return at === -1 ? 1 : at + 1;
  };
  return { members, lineOf, line: end + 2, rest: lines.slice(end + 1).join('\n'), faults };
}

type FrontMembers = Pick<Front, 'members' | 'faults'>;

const yamlFault = (line: number, why: string): MadrFault => ({
  line,
  found: `front matter that is no YAML (${why})`,
  limit: 'members such as `status: accepted`',
});

/** The members of a front matter; its text begins in the second line of the file. */
function membersOf(text: string): FrontMembers {
  try {
    const counter = new LineCounter();
    const document = parseDocument(text, { lineCounter: counter, uniqueKeys: true });
    const faults = document.errors.map(({ pos, code }) =>
      yamlFault(counter.linePos(pos[0]).line + 1, code.toLowerCase().replaceAll('_', ' ')),
    );
    const value: unknown = faults.length > 0 ? {} : document.toJS({ maxAliasCount: 0 });
    const members = typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
    return { members, faults };
  } catch {
    // Aliases are not followed, and a text may be nested deeper than the stack.
    return { members: {}, faults: [yamlFault(2, 'an alias, or nested too deep')] };
  }
}

function memberFaults({ members, lineOf }: Front): MadrFault[] {
  const { confidence, affects } = members;
  const isShare =
    confidence === undefined || (typeof confidence === 'number' && confidence >= 0 && confidence <= 1);
  return [
    ...(isShare
      ? []
      : [
          {
            line: lineOf('confidence'),
            found: `confidence ${String(confidence)}`,
            limit: 'a number from 0 to 1',
          },
        ]),
    ...globsIn(affects).flatMap((glob) => {
      const fault = typeof glob === 'string' ? globFault(glob) : 'is no text';
      return fault === undefined
        ? []
        : [{ line: lineOf('affects'), found: `a glob that ${fault}`, limit: 'globs such as src/**' }];
    }),
  ];
}

const globsIn = (affects: unknown): readonly unknown[] => {
  if (affects === undefined || affects === null) return [];
  return Array.isArray(affects) ? affects : [affects];
};

function decisionOf(
  members: Readonly<Record<string, unknown>>,
  sections: readonly MarkdownSection[],
  title: MarkdownSection | undefined,
  outcome: MarkdownSection | undefined,
): MadrDecision {
  const decision = outcome === undefined ? '' : wholeBody(outcome, sections);
  const because = sections.filter(
    ({ heading }) => contextHeading.test(heading) || driversHeading.test(heading),
  );
  const { andon, confidence, affects } = members;
  return {
    id: typeof andon === 'string' && /^dec_[0-9a-z]{26}$/.test(andon) ? andon : null,
    question: questionOf(title?.heading ?? ''),
    decision,
    rationale: because.map((one) => wholeBody(one, sections)).join('\n\n'),
    rejected: rejectedIn(sections, decision),
    confidence: typeof confidence === 'number' ? confidence : null,
    affects: globsIn(affects).filter((one): one is string => typeof one === 'string'),
    supersededBy: supersederIn(members, sections),
  };
}

const questionOf = (heading: string): string =>
  heading
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/^(?:ADR[- ]?)?\d+[.:)]?\s*(?:[-–—:]\s*)?/i, '')
    .trim()
    .slice(0, 300);

const item = /^\s*(?:[-*+]|\d+[.)])\s+(.+)$/;

/** Names without marks of emphasis and links, for comparison. */
const bare = (text: string): string =>
  text
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/["'`*_“”]/g, '')
    .trim()
    .toLowerCase();

function rejectedIn(sections: readonly MarkdownSection[], decision: string): RejectedOption[] {
  const options = sections.find(({ heading }) => optionsHeading.test(heading));
  const items = (options?.body.split('\n') ?? []).flatMap((line) => item.exec(line)?.[1] ?? []).map(oneLine);
  const chosen = bare(/chosen option:?\s*(.+?)(?:,?\s+because\b|\.\s|\n|$)/i.exec(decision)?.[1] ?? '');
  const isChosen = (option: string): boolean =>
    chosen !== '' && (bare(option) === chosen || chosen.startsWith(`${bare(option)},`));
  return items
    .filter((option) => !isChosen(option))
    .map((option) => ({
      option: option.slice(0, 500),
      reason: reasonAgainst(option, sections).slice(0, 5_000),
    }));
}

/** The faults of an option, as `Pros and Cons of the Options` lists them. */
function reasonAgainst(option: string, sections: readonly MarkdownSection[]): string {
  const pros = sections.findIndex(({ heading }) => prosHeading.test(heading));
  if (pros === -1) return '';
  const own = sections.slice(pros + 1).find(({ heading }) => bare(heading) === bare(option));
  const bad = (own?.body.split('\n') ?? []).flatMap(
    (line) => /^\s*[-*+]\s+Bad, because\s+(.+)$/i.exec(line)?.[1] ?? [],
  );
  return bad.join('; ');
}

function supersederIn(
  members: Readonly<Record<string, unknown>>,
  sections: readonly MarkdownSection[],
): number | null {
  const said = typeof members.status === 'string' ? members.status : '';
  const section = sections.find(({ heading }) => /^status$/i.test(heading))?.body ?? '';
  const found = /superseded by\s+\[?(?:ADR[- ]?)?0*(\d{1,6})\b/i.exec(`${said}\n${section}`)?.[1];
  return found === undefined ? null : Number(found);
}
