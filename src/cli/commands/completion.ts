import { Argument, type Command } from 'commander';
import { act, leaf } from '../command.ts';
import { completionScript, type Shell, shells } from '../completion.ts';
import type { World } from '../world.ts';

const about = `prints a completion script.

bash  andon completion bash > ~/.local/share/bash-completion/completions/andon
zsh   andon completion zsh > a folder of your fpath, as _andon
fish  andon completion fish > ~/.config/fish/completions/andon.fish`;

/** The command `andon completion`. */
export function completionCommand(world: World, program: () => Command): Command {
  return leaf('completion', 'print a completion script for a shell', about)
    .addArgument(new Argument('<shell>').choices(shells))
    .action(
      act<object, [Shell]>(world, async (_run, shell) => {
        const script = completionScript(shell, program());
        return { data: { shell, script }, lines: script.trimEnd().split('\n') };
      }),
    );
}
