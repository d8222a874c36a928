import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { spanWords } from '../../lib/durations.ts';
import { clearSetups, listSetups, setupLimitsDefault } from '../../runner/setups/setup-store.ts';
import { type Finding, note, ok } from './finding.ts';

const mega = 1024 ** 2;

/** Folders of what set-ups of gates have made on this machine: that of the gateway, and that of its own runner. */
const foldersOf = (dataFolder: string, stateFolder: string): string[] =>
  [join(dataFolder, 'setups'), join(stateFolder, 'runner', 'work', 'setups')].filter((one) =>
    existsSync(one),
  );

/** Examines what set-ups have made: how much there is, and how long nobody has used it. */
export async function examineSetups(
  dataFolder: string,
  stateFolder: string,
  nowMs: number,
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const folder of foldersOf(dataFolder, stateFolder)) {
    const entries = await listSetups(folder);
    if (entries.length === 0) continue;
    const bytes = entries.reduce((sum, one) => sum + one.bytes, 0);
    const oldestMs = Math.min(...entries.map(({ usedAt }) => usedAt.getTime()));
    const found = `${entries.length} kept, ${Math.ceil(bytes / mega)} MB, the oldest unused for ${spanWords(Math.max(0, nowMs - oldestMs))}`;
    const isFull = bytes > setupLimitsDefault.bytesMax / 2;
    const next = 'andon doctor --clear-setups drops them; each is made anew when a gate needs it';
    findings.push(isFull ? note('setups', folder, found, next) : ok('setups', folder, found));
  }
  return findings;
}

/** Drops what set-ups have made on this machine; answers the folders. */
export async function dropSetups(dataFolder: string, stateFolder: string): Promise<string[]> {
  const folders = foldersOf(dataFolder, stateFolder);
  for (const folder of folders) await clearSetups(folder);
  return folders;
}
