import { ts } from 'ts-morph';
import { sizeFault } from './size.ts';
import type { SourceKind } from './source-kind.ts';
import type { Measure, Refusal } from './unit.ts';
import { walkUnits } from './walk.ts';

/**
 * The units of a TypeScript or JavaScript text with their complexity and lines, or why it has none.
 *
 * Complexity is that of ESLint 10's rule `complexity`: 1, and 1 more for each `if`, `?:`, `for`, `for-in`, `for-of`,
 * `while`, `do`, `catch`, `case` with a test, `&&`, `||`, `??`, their assignments, `?.` and default value. Top-level code
 * is the unit `<module>`. Lines are those of ESLint's `max-lines-per-function` with its defaults and `IIFEs: true`: all of
 * them from the first to the last; decorators and `export default` stand before the first.
 *
 * Comments change neither a number nor a digest, whatever they say. A file with any syntax error is refused, since the
 * parser would recover and count something else. `digest` must be collision resistant, or an altered unit passes as
 * unaltered. The parser recurses and may take exponential time: call this only where it can be killed.
 * Throws what the parser throws (a RangeError on deep nesting).
 */
export function measure(text: string, kind: SourceKind, digest: (text: string) => string): Measure {
  const tooLarge = sizeFault(text);
  if (tooLarge !== undefined) return { refusal: tooLarge };
  const file = ts.createSourceFile(`a.${kind}`, text, {
    languageVersion: ts.ScriptTarget.Latest,
    jsDocParsingMode: ts.JSDocParsingMode.ParseNone,
  });
  const fault = syntaxFault(file);
  return fault === undefined ? { units: walkUnits(file, digest) } : { refusal: fault };
}

function syntaxFault(file: ts.SourceFile): Refusal | undefined {
  // Not in the published type, yet the only place that tells whether the parser had to recover.
  const found = (file as { parseDiagnostics?: readonly ts.DiagnosticWithLocation[] }).parseDiagnostics;
  if (found === undefined) throw new Error('the parser no longer lists its diagnostics');
  const first = found[0];
  if (first === undefined) return undefined;
  const line = file.getLineAndCharacterOfPosition(Math.min(first.start, file.end)).line + 1;
  return { code: 'source.syntax', line, found: ts.flattenDiagnosticMessageText(first.messageText, ' ') };
}
