import { type Reason, reason } from '../../lib/decision.ts';
import type { ToolFacts } from './facts.ts';
import { gitReasons } from './git-command.ts';
import { type Command, readShell, type Word } from './shell.ts';
import { writeReasons } from './write.ts';

const networkPrograms = new Set(
  'curl wget nc ncat netcat socat telnet ftp tftp sftp ssh scp rsync aria2c lynx w3m http https gh hub glab'.split(
    ' ',
  ),
);
const rootPrograms = new Set(['sudo', 'su', 'doas', 'pkexec']);
const hiding = new Set(['eval', 'source', '.', 'alias', 'trap']);
const shells = new Set(['sh', 'bash', 'dash', 'zsh', 'ksh']);
/** Programs that start another program, named among their arguments. */
const wrappers = new Set(
  'env timeout nice nohup time command exec xargs setsid stdbuf ionice chroot unshare builtin find parallel watch'.split(
    ' ',
  ),
);
const keywords = new Set('if then elif else while until do ! { } time fi done esac in [ [['.split(' '));
const depthMax = 4;

/** Reasons against a command line, for each of its simple commands. A line that cannot be read is refused. */
export function commandLineReasons(text: string, facts: ToolFacts, depth = 0): Reason[] {
  const reading = readShell(text);
  if (reading.kind === 'unreadable' || depth > depthMax) {
    const why = reading.kind === 'unreadable' ? reading.why : 'shells within shells';
    return [reason('tool.command', shown(text), { found: why })];
  }
  const moved = reading.commands.some(({ words }) => /^(?:cd|pushd)$/.test(words[0]?.text ?? ''));
  return reading.commands.flatMap((command) => [
    ...wordsReasons(command.words, facts, depth),
    ...outputReasons(command, facts, moved),
  ]);
}

const shown = (text: string): string => (text.length > 120 ? `${text.slice(0, 120)}…` : text);

function wordsReasons(all: readonly Word[], facts: ToolFacts, depth: number): Reason[] {
  const words = all.slice(firstWord(all));
  const [head, ...args] = words;
  const settings = all.filter(({ text }, at) =>
    (at < all.length - words.length ? /^(?:ANDON|GIT|LD|BASH|ENV|PATH)\w*\+?=/ : /^ANDON_\w*\+?=/).test(text),
  );
  const found = settings.map(({ text }) =>
    reason('tool.command', shown(text), { found: 'a setting that changes what is run' }),
  );
  if (head === undefined) return found;
  if (!head.fixed)
    return [
      ...found,
      reason('tool.command', shown(head.text), { found: 'a command that a variable decides' }),
    ];
  return [...found, ...programReasons(nameOf(head.text), args, facts, depth)];
}

/** Index of the command itself, behind keywords and settings of the form `NAME=value`. */
function firstWord(words: readonly Word[]): number {
  const at = words.findIndex(({ text }) => !keywords.has(text) && !/^\w+\+?=/.test(text));
  return at === -1 ? words.length : at;
}

const nameOf = (text: string): string => text.slice(text.lastIndexOf('/') + 1);

function programReasons(name: string, args: readonly Word[], facts: ToolFacts, depth: number): Reason[] {
  if (name === 'git') return gitReasons(args, facts);
  if (networkPrograms.has(name)) return facts.network ? [] : [reason('tool.network', name)];
  if (rootPrograms.has(name)) return [reason('tool.command', name, { found: 'another user' })];
  if (hiding.has(name)) return [reason('tool.command', name, { found: 'a command that hides others' })];
  if (shells.has(name)) return shellReasons(args, facts, depth);
  if (wrappers.has(name)) return wrappedReasons(args, facts, depth);
  return [];
}

function shellReasons(args: readonly Word[], facts: ToolFacts, depth: number): Reason[] {
  const at = args.findIndex(({ text }) => /^-[a-z]*c[a-z]*$/.test(text));
  const script = at === -1 ? undefined : args[at + 1];
  if (script === undefined) return [];
  if (!script.fixed) return [reason('tool.command', 'sh -c', { found: 'a command that a variable decides' })];
  return commandLineReasons(script.text, facts, depth + 1);
}

const judged = (name: string): boolean =>
  name === 'git' || [networkPrograms, rootPrograms, hiding, shells, wrappers].some((set) => set.has(name));

/** Reasons against the command that a wrapper starts, which begins at the first argument that is a judged program. */
function wrappedReasons(args: readonly Word[], facts: ToolFacts, depth: number): Reason[] {
  const at = args.findIndex(({ text }) => text !== '.' && judged(nameOf(text)));
  return at === -1 ? [] : wordsReasons(args.slice(at), facts, depth);
}

const streams = /^\/dev\/(?:null|stdout|stderr|tty|fd\/\d)$/;

function outputReasons({ writes }: Command, facts: ToolFacts, moved: boolean): Reason[] {
  return writes
    .filter(({ text }) => !streams.test(text))
    .flatMap(({ text, fixed }) => {
      // The place of the verdict is fixed: a command line that sets the variable is refused.
      if (text === '$ANDON_VERDICT' && !fixed && facts.runFolder !== undefined) return [];
      if (!fixed) return [reason('tool.command', `> ${text}`, { found: 'a file that a variable decides' })];
      if (moved && !text.startsWith('/'))
        return [
          reason('tool.command', `> ${text}`, {
            found: 'a redirection after cd',
            next: 'leave cd out: commands start in the clone',
          }),
        ];
      return writeReasons(text, facts);
    });
}
