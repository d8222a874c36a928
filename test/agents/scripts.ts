import type { Shown, Turn } from '../support/model-server.ts';

/** A turn of one tool call. */
export const tool = (name: string, input: Readonly<Record<string, unknown>>): Turn => ({
  calls: [{ name, input }],
});

/** A command line, as Claude Code's tool takes it. */
export const bash = (command: string): Turn => tool('Bash', { command, description: 'step' });

/** A command line, as Codex's tool takes it. */
export const exec = (cmd: string): Turn => tool('exec_command', { cmd });

export const write = (file_path: string, content: string): Turn => tool('Write', { file_path, content });

/** The place of the clone, as the program tells its model. */
export const cloneOf = ({ text }: Shown): string => /(\/[^\s"\\<>]+\/tree)\b/.exec(text)?.[1] ?? '';

/** The command that pushes the work of a task under its first lease. */
export const pushed = (task: string): string => `git push -q origin HEAD:task/${task}/1/work`;

/** Commits a file of the task and pushes it. */
export const work = (task: string): string =>
  `mkdir -p src/${task} && echo "export const n = 1;" > src/${task}/a.ts && git add -A && git commit -qm work && ${pushed(task)} && git rev-parse HEAD`;

/** The command that writes the verdict. */
export const verdict = (result: string): string =>
  `printf '{"version":1,"run":"%s","epoch":1,"result":"${result}","summary":"${result} it"}' "$ANDON_RUN" > "$ANDON_VERDICT"`;

/** Submits the commit that the last result names. */
export const submit =
  (name: string, task: string) =>
  ({ results }: Shown): Turn =>
    tool(name, { task, epoch: 1, commit: /[0-9a-f]{40}/.exec(results.join('\n'))?.[0] ?? '' });
