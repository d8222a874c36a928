import { describe, expect, it } from 'vitest';
import {
  type Comment,
  commentedIn,
  isUnder,
  reasonOf,
  withComment,
} from '../../web/screens/verdict/comments.ts';
import { linesOf } from '../../web/screens/verdict/patch.ts';

const lines = linesOf('@@ -10,4 +10,4 @@ f\n same\n-old\n-older\n+new\n+newer\n end\n');
const at = (text: string): number => lines.findIndex((line) => line.text === text);
const on = (one: string, other = one) => commentedIn(lines, at(one), at(other));
const comment = (text: string, one: string, other = one): Comment => {
  const place = on(one, other);
  if (place === undefined) throw new Error(`no line in ${one} to ${other}`);
  return { path: 'a.ts', ...place, text };
};

describe('comments on a patch', () => {
  it('are on the lines after the change, chosen in either order', () => {
    expect(on('same', 'newer')).toEqual({ side: 'after', from: 10, to: 12 });
    expect(on('newer', 'same')).toEqual(on('same', 'newer'));
  });

  it('are on the lines that were taken away where no other was chosen', () => {
    expect(on('old', 'older')).toEqual({ side: 'before', from: 11, to: 12 });
    expect(reasonOf(comment('who used it?', 'old'))).toBe('a.ts:11 (taken away) who used it?');
    expect(reasonOf(comment('one table', 'same', 'new'))).toBe('a.ts:10-11 one table');
  });

  it('are on nothing where no line was chosen', () => {
    expect(commentedIn(lines, 0, 0)).toBeUndefined();
  });

  it('stand under their last line alone, though one before the change may have its number', () => {
    const under = (place: ReturnType<typeof on>) =>
      lines.filter((line) => place !== undefined && isUnder(place, line)).map(({ text }) => text);
    expect(under(on('new'))).toEqual(['new']);
    expect(under(on('old'))).toEqual(['old']);
    expect(under(on('same', 'newer'))).toEqual(['newer']);
  });

  it('replace an earlier one on the same lines, of the same file and side', () => {
    const first = [comment('one', 'new'), comment('two', 'old')];
    expect(withComment(first, comment('three', 'new')).map(({ text }) => text)).toEqual(['two', 'three']);
    const elsewhere = { ...comment('four', 'new'), path: 'b.ts' };
    expect(withComment(first, elsewhere)).toHaveLength(3);
  });
});
