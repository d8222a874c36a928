import { cFamily } from './c-family.ts';
import { go } from './go.ts';
import type { Grammar, GrammarName } from './grammar.ts';
import { java } from './java.ts';
import { python } from './python.ts';
import { rust } from './rust.ts';

/** The adapters of all languages that are measured by a grammar. */
export const grammars: Readonly<Record<GrammarName, Grammar>> = { python, go, rust, java };

const byEnding = new Map(
  Object.values(grammars).flatMap(({ name, endings }) => endings.map((one) => [one, name])),
);
const byInterpreter = new Map(
  Object.values(grammars).flatMap(({ name, interpreters = [] }) => interpreters.map((one) => [one, name])),
);
const cEndings = new Set(cFamily.endings);

/** The language of a file by the lower-case end of its name from the last dot. */
export const languageOfEnding = (ending: string): GrammarName | 'c' | undefined =>
  byEnding.get(ending) ?? (cEndings.has(ending) ? 'c' : undefined);

/** The language of a script by the program that starts it. */
export const languageOfInterpreter = (program: string): GrammarName | undefined => byInterpreter.get(program);

/** True for the name of a language that is measured by a grammar. */
export const isGrammar = (name: string): name is GrammarName => Object.hasOwn(grammars, name);
