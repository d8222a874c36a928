/** A line of a patch, with its numbers before and after. */
export interface PatchLine {
  readonly kind: 'hunk' | 'same' | 'plus' | 'minus' | 'note';
  readonly before: number | undefined;
  readonly after: number | undefined;
  readonly text: string;
}

const hunkPattern = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)$/;

interface Place {
  before: number;
  after: number;
  /** Lines of the hunk that are still to come: content may look like a head, and is none before they have come. */
  leftBefore: number;
  leftAfter: number;
}

function lineIn(place: Place, text: string): PatchLine {
  const sign = text[0];
  const rest = text.slice(1);
  if (sign === '+') {
    place.leftAfter -= 1;
    return { kind: 'plus', before: undefined, after: place.after++, text: rest };
  }
  if (sign === '-') {
    place.leftBefore -= 1;
    return { kind: 'minus', before: place.before++, after: undefined, text: rest };
  }
  if (sign === '\\') return { kind: 'note', before: undefined, after: undefined, text: rest.trim() };
  place.leftBefore -= 1;
  place.leftAfter -= 1;
  return { kind: 'same', before: place.before++, after: place.after++, text: rest };
}

/** True while lines of the hunk are to come; the mark of a missing end of line belongs to the line before it. */
const isWithin = (place: Place | undefined, text: string): place is Place =>
  place !== undefined && (place.leftBefore > 0 || place.leftAfter > 0 || text.startsWith('\\'));

/** The place and the heading of a hunk; undefined for another line. */
function hunkOf(text: string): { place: Place; heading: string } | undefined {
  const found = hunkPattern.exec(text);
  if (found === null) return undefined;
  const [, before, countBefore = '1', after, countAfter = '1', heading = ''] = found;
  const place = {
    before: Number(before),
    after: Number(after),
    leftBefore: Number(countBefore),
    leftAfter: Number(countAfter),
  };
  return { place, heading: heading.trim() };
}

/** The lines of the hunks of a patch; heads of files are left out, since the list of files tells them. */
export function linesOf(patch: string): PatchLine[] {
  const found: PatchLine[] = [];
  let place: Place | undefined;
  for (const text of patch.replace(/\n$/, '').split('\n')) {
    if (isWithin(place, text)) {
      found.push(lineIn(place, text));
      continue;
    }
    const hunk = hunkOf(text);
    if (hunk === undefined) continue;
    place = hunk.place;
    found.push({ kind: 'hunk', before: undefined, after: undefined, text: hunk.heading });
  }
  return found;
}
