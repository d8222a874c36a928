const words = /[\p{L}\p{N}][\p{L}\p{M}\p{N}]*/gu;
/** Scripts that put no spaces between words: pairs of characters stand for words. */
const unspaced =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]/u;
const unspacedRuns =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]+|[^\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}]+/gu;

const termLengthMax = 40;
const textLengthMax = 60_000;

const common: ReadonlySet<string> = new Set(
  (
    'a an and are as at be been but by can could did do does for from had has have how i if in into is it its may not of on or our ' +
    'shall should so than that the their them then there these they this to use used was we were what when where which who why will with would you your'
  ).split(' '),
);

/**
 * The terms of a text, each once: words in lower case without their endings, the parts of names such as
 * `claimTask`, pairs of characters in scripts without spaces. A query is cut the same way, so no sign in it is an
 * operator. Words that every text has are left out, unless there are no others.
 */
export function termsOf(text: string): string[] {
  const all = new Set<string>();
  for (const word of wordsOf(text.slice(0, textLengthMax))) all.add(word);
  const rare = [...all].filter((term) => !common.has(term));
  return rare.length === 0 ? [...all] : rare;
}

function* wordsOf(text: string): Generator<string> {
  for (const [word] of text.normalize('NFKC').matchAll(words)) {
    for (const [run] of word.matchAll(unspacedRuns)) {
      if (unspaced.test(run)) yield* pairsOf(run);
      else yield* partsOf(run);
    }
  }
}

function* pairsOf(run: string): Generator<string> {
  const characters = [...run];
  if (characters.length === 1) yield run;
  for (let at = 0; at + 1 < characters.length; at++) yield `${characters[at]}${characters[at + 1]}`;
}

/** A word, and the parts of one in which capitals or digits mark parts. */
function* partsOf(word: string): Generator<string> {
  const parts = word.split(/(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{L})(?=\p{N})|(?<=\p{N})(?=\p{L})/u);
  yield stem(word.toLowerCase());
  if (parts.length > 1) for (const part of parts) yield stem(part.toLowerCase());
}

const endings: readonly (readonly [RegExp, string])[] = [
  [/ies$/, 'y'],
  [/(ss|us|is)$/, '$1'],
  [/(?:ations?|ating|ated|ates?)$/, 'at'],
  [/(?:ings?|ed|ers?)$/, ''],
  [/(?:es|s|e)$/, ''],
];

/** The word without the ending of its number or time, in the way of English; other languages lose little. */
function stem(word: string): string {
  const short = word.slice(0, termLengthMax);
  if (short.length < 5) return short.replace(/(?<=\p{L}{3})s$/u, '');
  for (const [ending, rest] of endings) {
    if (!ending.test(short)) continue;
    const cut = short.replace(ending, rest);
    return cut.length < 3 ? short : cut.replace(/([bdfglmnprt])\1$/, '$1');
  }
  return short;
}
