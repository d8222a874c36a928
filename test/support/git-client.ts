import { type Ran, runProgram } from './program.ts';

/** The way in which the ordinary git client shows its token: neither on disk, nor in argv, nor in a URL. */
export type ShowToken = 'bearer' | 'basic';

export interface GitClient {
  readonly url: string;
  readonly token: string;
  readonly show: ShowToken;
  readonly protocol: 1 | 2;
}

const settings = ({ url, token, show, protocol }: GitClient): Record<string, string> => {
  const how: [string, string] =
    show === 'bearer'
      ? [`http.${url}/.extraHeader`, `Authorization: Bearer ${token}`]
      : ['credential.helper', '!f() { echo username=andon; echo "password=$ANDON_TOKEN"; }; f'];
  const rows = [how, ['protocol.version', String(protocol)]];
  return {
    GIT_CONFIG_COUNT: String(rows.length),
    ...Object.fromEntries(
      rows.flatMap(([key = '', value = ''], n) => [
        [`GIT_CONFIG_KEY_${n}`, key],
        [`GIT_CONFIG_VALUE_${n}`, value],
      ]),
    ),
    ANDON_TOKEN: token,
  };
};

/** Runs the ordinary git client in a folder. */
export async function gitAs(client: GitClient, cwd: string, ...args: readonly string[]): Promise<Ran> {
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: cwd,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'Agent',
    GIT_AUTHOR_EMAIL: 'agent@example.org',
    GIT_COMMITTER_NAME: 'Agent',
    GIT_COMMITTER_EMAIL: 'agent@example.org',
    ...settings(client),
  };
  const { out, ...ran } = await runProgram('git', args, { cwd, env });
  return { ...ran, out: out.trim() };
}

/** Runs git as `gitAs` does, and throws its output when git failed. Answers the output. */
export async function mustGitAs(client: GitClient, cwd: string, ...args: readonly string[]): Promise<string> {
  const { code, out, err } = await gitAs(client, cwd, ...args);
  if (code !== 0) throw new Error(`git ${args.join(' ')}: ${err}`);
  return out;
}
