import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** A folder of decisions of a public repository, as it was at a commit. */
export interface PublicFolder {
  readonly repository: string;
  readonly commit: string;
  readonly folder: string;
  readonly licence: string;
  /** The text of the licence. */
  readonly notice: string;
  readonly files: Readonly<Record<string, string>>;
}

const bundle = resolve(import.meta.dirname, '../fixtures/decisions/public-decisions.json.gz');

/** The public folders of decisions (test/fixtures/decisions/README.md). */
export const publicFolders = (): PublicFolder[] =>
  JSON.parse(gunzipSync(readFileSync(bundle)).toString('utf8')) as PublicFolder[];
