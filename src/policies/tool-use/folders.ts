import { type Reason, reason } from '../../lib/decision.ts';
import type { ToolUse } from './facts.ts';
import { readShell, type Word } from './shell.ts';

/** Programs that print whole files. */
const printing = new Set('cat head tail less more bat batcat nl tac od xxd strings'.split(' '));
/** Programs that start others once for each file. */
const spreading = new Set(['find', 'xargs', 'parallel']);
const searching = new Set(['grep', 'egrep', 'fgrep', 'rg', 'ag', 'ack']);
/** Patterns that every line has. */
const everyLine = /^(?:\^|\$|\.|\.\*|\.\+|\^\.\*|\.\*\$|\^\.\*\$|\^\$)?$/;

const nameOf = ({ text }: Word): string => text.slice(text.lastIndexOf('/') + 1);

/**
 * Reasons against a tool that loads all files of a folder. A courtesy, as all judgements of tools are: a loop over files, or
 * a program of the agent's own, is not seen.
 */
export function folderReasons({ tool, input }: ToolUse): Reason[] {
  if (tool === 'Grep') return searchReasons(input);
  const { command } = input;
  if (tool !== 'Bash' || typeof command !== 'string') return [];
  const reading = readShell(command);
  if (reading.kind === 'unreadable') return [];
  return reading.commands.some(({ words }) => isFolderLoad(words)) ? [refused(command)] : [];
}

function searchReasons({ pattern, output_mode: mode }: ToolUse['input']): Reason[] {
  if (typeof pattern !== 'string' || mode !== 'content' || !everyLine.test(pattern)) return [];
  return [refused(`Grep ${pattern}`)];
}

const refused = (text: string): Reason =>
  reason('tool.folder', text.length > 120 ? `${text.slice(0, 120)}…` : text);

function isFolderLoad(words: readonly Word[]): boolean {
  const [head, ...args] = words;
  if (head === undefined) return false;
  const name = nameOf(head);
  if (printing.has(name)) return args.some(({ text }) => /[*?]/.test(text) && !text.startsWith('-'));
  if (spreading.has(name)) return args.some((word) => printing.has(nameOf(word)));
  if (searching.has(name)) return isEveryLine(name, args);
  return false;
}

function isEveryLine(name: string, args: readonly Word[]): boolean {
  const goesDown =
    name === 'rg' || name === 'ag' || args.some(({ text }) => /^-\w*[rR]|^--recursive$/.test(text));
  const lists = args.some(({ text }) => /^-\w*[lLcq]|^--(?:files|count|quiet)/.test(text));
  const pattern = args.find(({ text }) => !text.startsWith('-'));
  return goesDown && !lists && pattern !== undefined && everyLine.test(pattern.text);
}
