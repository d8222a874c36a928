const unprintable = /[\p{C}\u2028\u2029]/gu;
const escaped = (one: string): string => `\\u{${(one.codePointAt(0) ?? 0).toString(16)}}`;

/**
 * One line as a terminal may show it: a stranger's text must not steer the terminal, so control characters
 * are spelled out.
 */
export const printable = (text: string): string => text.replace(unprintable, escaped);

/** A text of several lines as a terminal may show it: line ends and tabs stay. */
export const printableText = (text: string): string =>
  text.replace(unprintable, (one) => (one === '\n' || one === '\t' ? one : escaped(one)));
