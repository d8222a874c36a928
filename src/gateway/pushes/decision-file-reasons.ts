import { changedFiles } from '../../git/changed-files.ts';
import type { ObjectReader } from '../../git/objects/reader.ts';
import { type Reason, reason } from '../../lib/decision.ts';
import { isDecisionFile } from '../../memory/madr/folder.ts';
import { parseMadr } from '../../memory/madr/parse.ts';
import type { PushFacts } from '../../policies/facts.ts';

const options = { wants: isDecisionFile, fileBytesMax: 400_000, totalBytesMax: 16 * 1024 * 1024 };

/** Faults of the files of decisions at the tips of a push, each with its line. */
export async function decisionFileReasons(
  tips: readonly PushFacts[],
  reader: ObjectReader,
): Promise<Reason[]> {
  const found: Reason[] = [];
  for (const tip of tips) {
    const last = tip.commits.at(-1);
    if (last === undefined || tip.excess !== undefined) continue;
    for (const { path, after, tooLarge } of await changedFiles(last, reader, options)) {
      if (tooLarge !== undefined)
        found.push(
          reason('decision.file', path, { found: `${tooLarge} bytes`, limit: options.fileBytesMax }),
        );
      else if (after !== undefined) found.push(...faultsOf(path, after));
    }
  }
  return found;
}

function faultsOf(path: string, content: Buffer): Reason[] {
  const parsed = parseMadr(content.toString('utf8'));
  if (!('faults' in parsed)) return [];
  return parsed.faults.map(({ line, found, limit }) =>
    reason('decision.file', `${path}:${line}`, { found, limit }),
  );
}
