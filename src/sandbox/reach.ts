import { realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const everybody = { enter: 0o001, read: 0o004 };

/** The folders from the root down to a path, without the path itself. */
export function foldersAbove(path: string): string[] {
  const found: string[] = [];
  for (let one = dirname(resolve(path)); one !== dirname(one); one = dirname(one)) found.unshift(one);
  return found;
}

const modeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.mode;

/** The first folder on the way to a path that only its owner may enter; undefined when everybody gets there. */
export const closedOnTheWay = (path: string): string | undefined =>
  foldersAbove(path).find((folder) => ((modeOf(folder) ?? everybody.enter) & everybody.enter) === 0);

/**
 * True when a separate user may read a file, starting at one of the roots that hold the file, or at `/` when
 * none does.
 */
export function openFrom(file: string, roots: readonly string[]): boolean {
  const mode = modeOf(file);
  if (mode === undefined || (mode & everybody.read) === 0) return false;
  const path = realpathSync(file);
  const root = roots.map((one) => realpathSync(one)).find((one) => path.startsWith(`${one}/`));
  const within = foldersAbove(path).filter(
    (one) => root === undefined || one === root || one.startsWith(`${root}/`),
  );
  return within.every((folder) => ((modeOf(folder) ?? 0) & everybody.enter) !== 0);
}
