import type { GitRunner } from './runner.ts';

/** The place of a question about commits: a repository, and the quarantine of a push when there is one. */
export interface GitPlace {
  readonly runner: GitRunner;
  readonly gitDir: string;
  /** GIT_OBJECT_DIRECTORY and GIT_ALTERNATE_OBJECT_DIRECTORIES of a quarantine. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Options of a git call at a place. */
export const at = ({ gitDir, env }: GitPlace) => ({ gitDir, ...(env !== undefined && { env }) });

/** Name, address and time of a commit as git reads them; without a time git takes the present. */
export function identityEnvironment(who: {
  readonly name: string;
  readonly email: string;
  readonly date?: string;
}): Record<string, string> {
  const { name, email, date } = who;
  return {
    GIT_AUTHOR_NAME: name,
    GIT_COMMITTER_NAME: name,
    GIT_AUTHOR_EMAIL: email,
    GIT_COMMITTER_EMAIL: email,
    ...(date !== undefined && { GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date }),
  };
}
