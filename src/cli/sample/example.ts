import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFile } from '../../process/entry.ts';

const folder = packageFile('examples/till');

/** One commit of the builder: its thoughts, and the files that it writes. */
export interface Attempt {
  readonly say: string;
  readonly files: Readonly<Record<string, string>>;
}

/** The builder's work on a task: the attempts under its first lease, then those under the next one. */
export interface Recipe {
  readonly first: readonly Attempt[];
  readonly again?: readonly Attempt[];
}

/** All attempts of the sample's builders, mistakes included. */
export interface Attempts {
  readonly line: Readonly<Record<string, Recipe>>;
  /** A file of a later phase, which the builder tries to push too early. */
  readonly tooEarly: Attempt;
  readonly triggers: {
    /** Offers for `parse` that do not pass its gate. */
    readonly broken: readonly Attempt[];
    /** The right work for each task. */
    readonly sound: Readonly<Record<string, Attempt>>;
  };
}

/** A plan of the sample project, as its file holds it. */
export const readPlan = (name: 'andon.yaml' | 'andon-triggers.yaml' | 'andon-fleet.yaml'): string =>
  readFileSync(join(folder, name), 'utf8');

/** The repository before the first task, without its plan: contents by path. */
export const repositoryFiles = (): Readonly<Record<string, string>> => readFiles(join(folder, 'repository'));

/** `examples/till/attempts.json`, with the files of each attempt in the place of its folder's name. */
export const readAttempts = (): Attempts =>
  JSON.parse(readFileSync(join(folder, 'attempts.json'), 'utf8'), (key, value: unknown) =>
    key === 'files' ? readFiles(join(folder, 'attempts', String(value))) : value,
  ) as Attempts;

function readFiles(from: string): Readonly<Record<string, string>> {
  const entries = readdirSync(from, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  const paths = entries.map(({ parentPath, name }) => join(parentPath, name));
  return Object.fromEntries(paths.map((path) => [path.slice(from.length + 1), readFileSync(path, 'utf8')]));
}
