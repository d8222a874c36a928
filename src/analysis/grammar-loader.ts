import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as TreeSitter from '@vscode/tree-sitter-wasm';
import type { GrammarName } from '../policies/languages/grammar.ts';
import { grammars } from '../policies/languages/grammars.ts';
import { kindsOf } from '../policies/measure/grammar/kinds.ts';
import type { LoadedGrammar } from '../policies/measure/grammar/measure-tree.ts';

const require = createRequire(import.meta.url);
const loaded = new Map<GrammarName, Promise<LoadedGrammar>>();

/** The parser of a language, compiled from WebAssembly at its first use. */
export function loadGrammar(name: GrammarName): Promise<LoadedGrammar> {
  const known = loaded.get(name);
  if (known !== undefined) return known;
  const fresh = load(name);
  loaded.set(name, fresh);
  return fresh;
}

async function load(name: GrammarName): Promise<LoadedGrammar> {
  // The package is no module: an import has no names.
  const { Language, Parser } = require('@vscode/tree-sitter-wasm') as typeof TreeSitter;
  await Parser.init();
  const folder = dirname(require.resolve('@vscode/tree-sitter-wasm'));
  const language = await Language.load(join(folder, `tree-sitter-${name}.wasm`));
  const parser = new Parser();
  parser.setLanguage(language);
  const grammar = grammars[name];
  return { grammar, parser, kinds: kindsOf(language, grammar) };
}
