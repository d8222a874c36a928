import type { Command } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;
/** Shell that completion scripts are printed for. */
export type Shell = (typeof shells)[number];

/** The words that can follow a chain of command words: commands and options. */
interface NextWords {
  /** The chain: `''`, `task`, `task list`. */
  readonly after: string;
  readonly commands: readonly { readonly name: string; readonly summary: string }[];
  readonly options: readonly string[];
}

/** The completion script of a shell. The script is static: no process starts when a key is pressed. */
export function completionScript(shell: Shell, program: Command): string {
  const words = collect(program, '');
  if (shell === 'bash') return bash(words);
  return shell === 'zsh' ? zsh(words) : fish(words);
}

function collect(command: Command, after: string): NextWords[] {
  const own: NextWords = {
    after,
    commands: command.commands.map((child) => ({ name: child.name(), summary: child.summary() })),
    options: [...command.options.flatMap(({ long }) => long ?? []), '--help'],
  };
  const below = command.commands.flatMap((child) => collect(child, `${after} ${child.name()}`.trim()));
  return [own, ...below];
}

const wordList = ({ commands, options }: NextWords): string =>
  [...commands.map(({ name }) => name), ...options].join(' ');

function bash(words: readonly NextWords[]): string {
  const cases = words.map((one) => `    '${one.after}') words='${wordList(one)}' ;;`);
  const chains = words.filter(({ after }) => after !== '').map(({ after }) => `'${after}'`);
  return `# bash completion of andon
_andon() {
  local chain='' next word words
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    next="\${chain:+$chain }$word"
    case "$next" in
      ${chains.join('|')}) chain=$next ;;
    esac
  done
  case "$chain" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _andon andon
`;
}

function zsh(words: readonly NextWords[]): string {
  const cases = words.map((one) => `    '${one.after}') next=(${wordList(one)}) ;;`);
  const chains = words.filter(({ after }) => after !== '').map(({ after }) => `'${after}'`);
  return `#compdef andon
# zsh completion of andon
_andon() {
  local chain='' step word
  local -a next
  for word in "\${(@)words[2,CURRENT-1]}"; do
    step="\${chain:+$chain }$word"
    case "$step" in
      ${chains.join('|')}) chain=$step ;;
    esac
  done
  case "$chain" in
${cases.join('\n')}
  esac
  compadd -- $next || _files
}
_andon "$@"
`;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "\\'")}'`;

function fish(words: readonly NextWords[]): string {
  const lines = words.flatMap(({ after, commands, options }) => {
    const names = commands.map(({ name }) => name).join(' ');
    const seen =
      after === ''
        ? ''
        : after
            .split(' ')
            .map((word) => `__fish_seen_subcommand_from ${word}`)
            .join('; and ');
    const unseen = names === '' ? '' : `not __fish_seen_subcommand_from ${names}`;
    const condition = [seen, unseen].filter((part) => part !== '').join('; and ') || 'true';
    return [
      ...commands.map(
        ({ name, summary }) =>
          `complete -c andon -f -n ${quoted(condition)} -a ${name} -d ${quoted(summary)}`,
      ),
      ...options.map((option) => `complete -c andon -n ${quoted(condition)} -l ${option.slice(2)}`),
    ];
  });
  return `# fish completion of andon\n${lines.join('\n')}\n`;
}
