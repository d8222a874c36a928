/** A token of C or C++; comments and blanks are none. A directive of the preprocessor is one token: `#if`. */
export interface CToken {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly isName: boolean;
}

// In this order: blanks and comments, directives with their continued lines, raw strings, strings and characters,
// numbers, names, operators of several characters that matter, any other character.
const parts = {
  blank: String.raw`\s+|\/\/(?:\\\r?\n|[^\n])*|\/\*[\s\S]*?(?:\*\/|(?![\s\S]))`,
  macro: String.raw`(?<=^[ \t]*)#(?:\\\r?\n|\/\*[\s\S]*?\*\/|[^\n])*`,
  raw: String.raw`(?:u8|[uUL])?R"(?<end>[^()\s\\"]{0,16})\([\s\S]*?\)\k<end>"`,
  text: String.raw`(?:u8|[uUL])?(?:"(?:\\[\s\S]|[^"\\\n])*"?|'(?:\\[\s\S]|[^'\\\n])*'?)`,
  number: String.raw`\.?\d(?:[eEpP][+\-]|'?[\w.])*`,
  name: String.raw`[\p{L}_$][\p{L}\p{N}_$]*`,
  operator: String.raw`&&|\|\||::|->|[=!<>+\-*\/%&\|^]=|\.\.\.|[\s\S]`,
};
const pattern = new RegExp(
  Object.entries(parts)
    .map(([name, part]) => `(?<${name}>${part})`)
    .join('|'),
  'gmu',
);
const directive = /^#\s*([a-z]*)/;

/** The tokens of a text, in linear time. */
export function* cTokens(text: string): Generator<CToken> {
  for (const found of text.matchAll(pattern)) {
    const [whole] = found;
    const { blank, macro, name } = found.groups ?? {};
    if (blank !== undefined) continue;
    const shown =
      macro === undefined ? whole : `#${directive.exec(macro.replace(/\\\r?\n/g, ' '))?.[1] ?? ''}`;
    yield { text: shown, start: found.index, end: found.index + whole.length, isName: name !== undefined };
  }
}
