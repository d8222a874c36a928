import { shortId } from '../lib/ids.ts';
import { printable } from './printable.ts';
import type { Paint, Tone } from './terminal.ts';

/** A cell: text, and a tone for the terminal. */
export type Cell = string | readonly [text: string, tone: Tone];

/** Rows in columns, two spaces between them, a head above. Widths count the visible characters, not the colours. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[], paint: Paint): string[] {
  const shown = rows.map((row) => row.map((cell) => (typeof cell === 'string' ? [cell, undefined] : cell)));
  const widths = head.map((name, at) =>
    Math.max(name.length, ...shown.map((row) => printable(row[at]?.[0] ?? '').length)),
  );
  const line = (cells: readonly (readonly [string, Tone | undefined])[]): string =>
    cells
      .map(([text, tone], at) => {
        const padded = at === cells.length - 1 ? printable(text) : printable(text).padEnd(widths[at] ?? 0);
        return tone === undefined ? padded : paint(tone, padded);
      })
      .join('  ')
      .trimEnd();
  return [
    line(head.map((name) => [name, 'quiet'] as const)),
    ...shown.map((row) => line(row as readonly (readonly [string, Tone | undefined])[])),
  ];
}

/** The form of an id for people; commit ids and hashes are cut, other ids keep the part that can be typed back. */
export const short = (id: string | null | undefined): string => {
  if (id === null || id === undefined || id === '') return '-';
  return /^[a-z]{3}_/.test(id) ? shortId(id) : id.slice(0, 10);
};

const toneOf: Readonly<Record<string, Tone>> = {
  done: 'good',
  landed: 'good',
  passed: 'good',
  approved: 'good',
  in_progress: 'name',
  gated: 'name',
  gating: 'name',
  judging: 'warn',
  ready: 'strong',
  refused: 'bad',
  failed: 'bad',
  abandoned: 'quiet',
  backlog: 'quiet',
};

/** The state of a task, a change or a gate, in its colour. */
export const stateCell = (state: string): Cell => {
  const tone = toneOf[state];
  return tone === undefined ? state : [state, tone];
};
