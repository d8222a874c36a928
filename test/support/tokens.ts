import { getEncoding } from 'js-tiktoken';

const encoding = getEncoding('o200k_base');

/** The number of tokens of a text in the encoding o200k. */
export const tokensOf = (text: string): number => encoding.encode(text, [], []).length;
