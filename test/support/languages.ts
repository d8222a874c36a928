import { loadGrammar } from '../../src/analysis/grammar-loader.ts';
import type { GrammarName } from '../../src/policies/languages/grammar.ts';
import { measureC } from '../../src/policies/measure/c-family/measure-c.ts';
import { measureTree } from '../../src/policies/measure/grammar/measure-tree.ts';
import type { Measure, Unit } from '../../src/policies/measure/unit.ts';
import { digest } from './measure.ts';

/** The measure of a text in a language other than TypeScript and JavaScript. */
export const measureIn = async (language: GrammarName | 'c', text: string): Promise<Measure> =>
  language === 'c' ? measureC(text, digest) : measureTree(text, await loadGrammar(language), digest);

/** The units of a text; throws when it is refused. */
export async function unitsIn(language: GrammarName | 'c', text: string): Promise<readonly Unit[]> {
  const found = await measureIn(language, text);
  if ('refusal' in found) throw new Error(JSON.stringify(found.refusal));
  return found.units;
}

/** The functions of a text as `line name complexity lines`, in the order of their beginnings. */
export const functionsIn = async (language: GrammarName | 'c', text: string): Promise<string[]> =>
  (await unitsIn(language, text))
    .filter(({ kind }) => kind !== 'module')
    .map(({ startLine, qualified, complexity, lines }) => `${startLine} ${qualified} ${complexity} ${lines}`)
    .sort((one, other) => Number.parseInt(one, 10) - Number.parseInt(other, 10));
