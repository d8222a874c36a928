import type { Command, Option } from 'commander';
import { ts } from 'ts-morph';

/** Every text of a source file as a reader sees it; `<x>` stands for an inserted value. */
export function textsOf(path: string, source: string): string[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) found.push(node.text);
    else if (ts.isTemplateExpression(node))
      found.push(node.head.text + node.templateSpans.map(({ literal }) => `<x>${literal.text}`).join(''));
    node.forEachChild(visit);
  };
  visit(file);
  return found;
}

/** The places of a text at which a command of the program is named, up to the end of the line. */
export const namedIn = (text: string): string[] =>
  text
    .split('\n')
    .flatMap((line) =>
      [...line.matchAll(/(?<![\w/.@-])andon ([a-z].*)/g)].flatMap(([, rest = '']) => [
        rest,
        ...namedIn(rest),
      ]),
    );

const wordPattern = /^("[^"]*"|<[^>]*>|[^\s;,()`:]+?)([;,()`:.].*)?$/s;

/** The words that belong to a command; a mark such as `;` ends it. */
function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const part of text.match(/"[^"]*"[^\s]*|<[^>]*>[^\s]*|[^\s]+/g) ?? []) {
    const [, word = '', mark] = wordPattern.exec(part) ?? [];
    if (word === '') break;
    words.push(word);
    if (mark !== undefined) break;
  }
  return words;
}

/** A command that a text names: its path in the program, and the words behind it that are arguments. */
export interface NamedCommand {
  readonly path: readonly string[];
  readonly leaf: Command;
  readonly args: readonly string[];
}

const takesValue = (option: Option | undefined): boolean => option?.required === true;
const placeholder = /^<.*>$|^"|^…$|^[A-Z][A-Z=:]*$/;
/** Stands for a value that the program inserts. */
const inserted = '<x>';

/** True for a word that the command takes, such as the kind of a shell. */
const isChoice = (leaf: Command, word: string): boolean =>
  leaf.registeredArguments.some(({ argChoices }) => argChoices?.includes(word) === true);

const belongs = (leaf: Command, word: string): boolean =>
  /^--?[a-z]/.test(word) || placeholder.test(word) || isChoice(leaf, word);

/** The command that a text begins with, or undefined when the program has none of that name. */
export function commandOf(program: Command, text: string): NamedCommand | undefined {
  const words = wordsOf(text);
  const path: string[] = [];
  let leaf = program;
  while (leaf.commands.length > 0) {
    const next =
      words[0] === inserted ? leaf.commands[0] : leaf.commands.find((one) => one.name() === words[0]);
    if (next === undefined) return undefined;
    leaf = next;
    words.shift();
    path.push(next.name());
  }
  const args: string[] = [];
  while (words[0] !== undefined && belongs(leaf, words[0])) {
    const word = words.shift() ?? '';
    args.push(word);
    const option = leaf.options.find(({ long, short }) => [long, short].includes(word));
    if (takesValue(option) && words[0] !== undefined) args.push(words.shift() ?? '');
  }
  return { path, leaf, args };
}

/** Parses a named command as the program would, and does nothing. Throws what commander finds wrong. */
export async function parseNamed(program: Command, { path, leaf, args }: NamedCommand): Promise<void> {
  const silence = (command: Command): void => {
    command.exitOverride().configureOutput({ writeOut: () => undefined, writeErr: () => undefined });
    for (const child of command.commands) silence(child);
  };
  silence(program);
  leaf.action(() => undefined);
  const given = args.map((word) => (word === inserted || word === '<n>' ? '1' : word.replace(/^"|"$/g, '')));
  await program.parseAsync([...path, ...given], { from: 'user' });
}
