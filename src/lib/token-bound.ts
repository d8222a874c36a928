// A space before a letter stands apart from other blanks: it belongs to the first token of the word.
const pieces = /[a-z]+|[A-Z]+|\d+|(?<lead> (?=[A-Za-z]))|\s|[^A-Za-z\d\s]/gu;
const unspoken = /^[^aeiou]+$|[^aeiou]{4}|[qxzjkvw]{2}|(?:[qxzjkv].?){2}/i;

/**
 * A number of tokens that a text never exceeds in the encodings of today's models: the tests hold it to o200k. Text in
 * English has about half as many. A model must not be handed more than it was promised, whatever strangers have written.
 */
export function tokensAtMost(text: string): number {
  let count = text === '' ? 0 : 4;
  for (const { 0: piece, groups } of text.matchAll(pieces))
    count += groups?.lead === undefined ? tokensOf(piece) : 0.5;
  return Math.ceil(count);
}

function tokensOf(piece: string): number {
  if (piece.charCodeAt(0) > 0x7f) return bytesOf(piece);
  if (/^\d/.test(piece)) return Math.ceil(piece.length / 2);
  // Letters that no language puts side by side are tokens of their own.
  return unspoken.test(piece) ? piece.length : Math.ceil(piece.length / 2);
}

/** Bytes of a character in UTF-8: no encoding makes more tokens than bytes. */
function bytesOf(piece: string): number {
  const point = piece.codePointAt(0) ?? 0;
  if (point < 0x800) return 2;
  return point < 0x10000 ? 3 : 4;
}
