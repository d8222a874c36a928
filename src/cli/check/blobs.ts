import type { SourceContent } from '../../analysis/source-content.ts';
import { fail } from '../../lib/errors.ts';
import { limits } from '../../lib/limits.ts';
import type { Git } from './git.ts';

/**
 * The contents of blobs by id; of those above `analysisBytesMax` the size only. Two processes for any number of
 * blobs: one for the sizes, one for the contents.
 */
export async function readBlobs(git: Git, ids: Iterable<string>): Promise<Map<string, SourceContent>> {
  const contents = new Map<string, SourceContent>();
  const wanted = [...new Set(ids)];
  if (wanted.length === 0) return contents;
  const sizes = await git(['cat-file', '--batch-check=%(objectname) %(objectsize)'], lines(wanted));
  const small: string[] = [];
  for (const line of sizes.toString('latin1').trimEnd().split('\n')) {
    const [id = '', size = ''] = line.split(' ');
    if (!/^\d+$/.test(size)) throw fail('cli.usage', 'git cat-file', { found: line });
    if (Number(size) > limits.analysisBytesMax) contents.set(id, { sizeBytes: Number(size) });
    else small.push(id);
  }
  if (small.length === 0) return contents;
  const output = await git(['cat-file', '--batch=%(objectname) %(objectsize)'], lines(small));
  split(output, contents);
  return contents;
}

const lines = (ids: readonly string[]): string => `${ids.join('\n')}\n`;

// `<id> <size>\n<bytes>\n` for each blob.
function split(output: Buffer, contents: Map<string, SourceContent>): void {
  let at = 0;
  while (at < output.length) {
    const end = output.indexOf(0x0a, at);
    const [id = '', size = ''] = output.toString('latin1', at, end).split(' ');
    const from = end + 1;
    at = from + Number(size) + 1;
    contents.set(id, output.subarray(from, at - 1));
  }
}
