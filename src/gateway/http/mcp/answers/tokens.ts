const pieces = /[A-Za-z]+|[0-9]+|\s+|[^\x00-\x7f]|[^A-Za-z0-9\s\u0080-\uffff]+/gu;

/** Letters of one token at most, on average over words; digits stand in threes. */
const lettersMax = 7;
const digitsMax = 3;
const spacesMax = 24;

function weightOf(piece: string): number {
  const first = piece.charCodeAt(0);
  if (first > 0x7f) return 1;
  if (/\s/.test(piece)) return piece === ' ' ? 0 : 1 + Math.floor(piece.length / spacesMax);
  if (/[0-9]/.test(piece)) return Math.ceil(piece.length / digitsMax);
  if (!/[A-Za-z]/.test(piece)) return Math.ceil(piece.length / 2);
  return Math.ceil(piece.length / lettersMax) + (piece.match(/[a-z][A-Z]/g)?.length ?? 0);
}

/**
 * About the number of tokens that a text is to a model: a little above it for prose and code, a little below for random
 * letters (`test/gateway/http/mcp/tokens.test.ts` holds it to a real encoding). A real encoder would cost megabytes of
 * tables and be right for one model.
 */
export function tokensAbout(text: string): number {
  let count = 0;
  for (const [piece] of text.matchAll(pieces)) count += weightOf(piece);
  return count;
}

/** The longest beginning of a text of about so many tokens, as a number of characters; never half a surrogate pair. */
export function charactersWithin(text: string, tokensMax: number): number {
  let count = 0;
  for (const found of text.matchAll(pieces)) {
    count += weightOf(found[0]);
    if (count > tokensMax) return found.index;
  }
  return text.length;
}
