import type { RejectedOption } from '../schema.ts';
import { decisionFolder } from './folder.ts';
import { oneLine } from './sections.ts';

/** A decision to be written as a file. */
export interface PrintedDecision {
  readonly id: string;
  readonly number: number;
  readonly question: string;
  readonly decision: string;
  readonly rationale: string;
  readonly rejected: readonly RejectedOption[];
  readonly confidence: number | null;
  readonly madeBy: string;
  readonly affects: readonly string[];
  readonly at: Date | string;
  /** The file that it came from, and its text. */
  readonly file: string | null;
  readonly source: string | null;
}

const fileNumber = (number: number): string => String(number).padStart(4, '0');

/** The name of the file of a decision. */
export function fileOf({ file, number, question }: PrintedDecision): string {
  if (file !== null) return file;
  const slug = question
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 60)
    .replace(/-+$/, '');
  return `${decisionFolder}/${fileNumber(number)}-${slug === '' ? 'decision' : slug}.md`;
}

/**
 * The text of the file. One that came from a file is that very text: a status is written into it only when another
 * decision has superseded it since.
 */
export function printMadr(given: PrintedDecision, supersededBy: number | null): string {
  const { source } = given;
  if (source === null) return printed(given, supersededBy);
  return supersededBy === null ? source : withStatus(source, supersededWords(supersededBy));
}

const supersededWords = (number: number): string => `superseded by ADR-${fileNumber(number)}`;

function withStatus(source: string, status: string): string {
  if (source.includes(status)) return source;
  const end = source.includes('\r\n') ? '\r\n' : '\n';
  if (/^---\s*\n/.test(source)) {
    const [head = '', ...rest] = source.split(/(?<=\n)(?=---\s*(?:\n|$))/);
    const without = head.replace(/^status:.*\r?\n/m, '');
    return [`${without}status: ${JSON.stringify(status)}${end}`, ...rest].join('');
  }
  return `---${end}status: ${JSON.stringify(status)}${end}---${end}${end}${source}`;
}

/** One line, so that a heading or an item stays one. */

/** A text whose lines are no headings, fences of code or comments. */
const plain = (text: string): string =>
  text
    .replace(/^(\s{0,3})(#{1,6}[ \t]|`{3}|~{3})/gm, '$1\\$2')
    .replaceAll('<!--', '<\\!--')
    .trim();

function printed(of: PrintedDecision, supersededBy: number | null): string {
  const { confidence, affects, rejected } = of;
  const front = [
    `status: ${JSON.stringify(supersededBy === null ? 'accepted' : supersededWords(supersededBy))}`,
    `date: ${new Date(of.at).toISOString().slice(0, 10)}`,
    `decision-makers: ${JSON.stringify([of.madeBy])}`,
    ...(confidence === null ? [] : [`confidence: ${confidence}`]),
    ...(affects.length === 0 ? [] : [`affects: ${JSON.stringify(affects)}`]),
    `andon: ${of.id}`,
  ];
  const options = rejected.map(({ option }) => `* ${oneLine(option)}`);
  const against = rejected
    .filter(({ reason }) => reason !== '')
    .flatMap(({ option, reason }) => [`### ${oneLine(option)}`, '', `* Bad, because ${oneLine(reason)}`, '']);
  return [
    '---',
    ...front,
    '---',
    '',
    `# ${oneLine(of.question)}`,
    '',
    ...section('## Context and Problem Statement', plain(of.rationale)),
    ...(options.length === 0 ? [] : ['## Considered Options', '', ...options, '']),
    ...section('## Decision Outcome', plain(of.decision)),
    ...(against.length === 0 ? [] : ['## Pros and Cons of the Options', '', ...against]),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}

const section = (heading: string, body: string): string[] => (body === '' ? [] : [heading, '', body, '']);
