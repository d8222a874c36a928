import { readFile } from 'node:fs/promises';
import { codeFile } from '../../process/entry.ts';

/**
 * Names of the numbered files, in order: `0001-schema.sql` is the first. A released file is never edited; a
 * change gets the next number, and its name here.
 */
const migrationNames = [
  'schema',
  'attempts',
  'landing-queue',
  'plan-history',
  'pools',
  'grant-projects',
  'gate-runners',
  'memory',
  'upstream',
  'sync-changes',
  'record',
  'page-sessions',
  'suspects',
] as const;

/** Versions up to this one are the schema before 0.1. The file 000N makes this version plus N. */
export const versionsBefore = 13;

/** The oldest version that `upgrade-before-0.1.sql` starts from. */
export const oldestVersion = 9;

/** The version of the schema that this binary writes. */
export const schemaVersion = versionsBefore + migrationNames.length;

/** A file that leads from one version to a later one. */
export interface Migration {
  /** The version of a database after the migration. */
  readonly version: number;
  /** The file's name without its ending, as the database remembers it. */
  readonly name: string;
}

const numbered: readonly Migration[] = migrationNames.map((name, place) => ({
  version: versionsBefore + place + 1,
  name: `${String(place + 1).padStart(4, '0')}-${name}`,
}));

const upgrade: Migration = { version: versionsBefore + 1, name: 'upgrade-before-0.1' };

/** The files that lead from a version, 0 for an empty database, to another, in order. */
export function migrationsBetween(from: number, to: number): Migration[] {
  const first = from > 0 && from <= versionsBefore ? [upgrade] : [];
  const done = first.length > 0 ? upgrade.version : from;
  return [...first, ...numbered].filter(
    (one) => one.version <= to && (one === upgrade || one.version > done),
  );
}

/** The statements of a migration, read from the file of its name. */
export async function statementsOf({ name }: Migration): Promise<string[]> {
  return splitStatements(await readFile(codeFile(`store/migrations/${name}.sql`), 'utf8'));
}

/** Statements end with `;` at the end of a line that is no comment, outside of `$$` bodies. */
export function splitStatements(text: string): string[] {
  const parts: string[] = [];
  let part = '';
  let inBody = false;
  for (const lineText of text.split('\n')) {
    if (!inBody && /^\s*(--.*)?$/.test(lineText)) continue;
    part += `${lineText}\n`;
    if ((lineText.split('$$').length - 1) % 2 === 1) inBody = !inBody;
    if (inBody || !lineText.trimEnd().endsWith(';')) continue;
    parts.push(part.trim());
    part = '';
  }
  if (part.trim() !== '') parts.push(part.trim());
  return parts;
}
