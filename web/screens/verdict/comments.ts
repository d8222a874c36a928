import type { PatchLine } from './patch.ts';

/** A comment on lines of a file: those after the change, or those that it takes away. */
export interface Comment {
  readonly path: string;
  readonly side: 'after' | 'before';
  /** First and last line, equal for one. */
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** The lines that a comment is on. */
export type Commented = Pick<Comment, 'side' | 'from' | 'to'>;

/** Lines of a patch by their places, in either order: those after the change if there are any, or those taken away. */
export function commentedIn(lines: readonly PatchLine[], one: number, other: number): Commented | undefined {
  const chosen = lines.slice(Math.min(one, other), Math.max(one, other) + 1);
  for (const side of ['after', 'before'] as const) {
    const numbers = chosen.flatMap((line) => line[side] ?? []);
    const [from, to] = [numbers.at(0), numbers.at(-1)];
    if (from !== undefined && to !== undefined) return { side, from, to };
  }
  return undefined;
}

/** True for the line under which a comment is shown. */
export const isUnder = ({ side, to }: Commented, line: PatchLine): boolean =>
  line[side] === to && (side === 'after' || line.after === undefined);

/** Comments with one more, in the place of an earlier one on the same lines. */
export const withComment = (comments: readonly Comment[], added: Comment): Comment[] => [
  ...comments.filter((one) => one.path !== added.path || placeOf(one) !== placeOf(added)),
  added,
];

/** A comment as a reason: `src/a.ts:12-15 too long`, `src/a.ts:3 (taken away) who used it?`. */
export const reasonOf = (comment: Comment): string => `${comment.path}:${placeOf(comment)} ${comment.text}`;

/** The words for lines: `12`, `12-15`, `3 (taken away)`. */
export const placeOf = ({ side, from, to }: Commented): string =>
  `${from === to ? from : `${from}-${to}`}${side === 'before' ? ' (taken away)' : ''}`;
