import { createReadStream } from 'node:fs';

/**
 * The lines of a file, as `\n` ends them. node:readline of Node 24 and later also ends one at U+2028 and U+2029, which JSON
 * leaves as they are inside of texts.
 */
export async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of createReadStream(path, 'utf8')) {
    const [first = '', ...others] = (chunk as string).split('\n');
    rest += first;
    for (const next of others) {
      yield rest;
      rest = next;
    }
  }
  if (rest !== '') yield rest;
}
