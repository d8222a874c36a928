import { ts } from 'ts-morph';
import { sizeOf } from './size.ts';
import { mayBeProgram, type ScriptKind } from './source-kind.ts';
import type { FileRefusal, Measure } from './unit.ts';
import { type Walked, walkUnits } from './walk.ts';

/**
 * The units of a TypeScript or JavaScript text with their complexity and lines, or the reason why it has
 * none.
 *
 * Complexity is that of ESLint 10's rule `complexity`: 1, and 1 more for each `if`, `?:`, `for`, `for-in`,
 * `for-of`, `while`, `do`, `catch`, `case` with a test, `&&`, `||`, `??`, their assignments, `?.` and default
 * value. Top-level code is the unit `<module>`. Lines are those of ESLint's `max-lines-per-function` with its
 * defaults and `IIFEs: true`: all of them from the first to the last; decorators and `export default` stand
 * before the first.
 *
 * Comments change neither a number nor a digest. A file with any syntax error is refused, since the parser
 * would recover and count something else. `digest` must be collision resistant, or an altered unit passes as
 * unaltered. The parser recurses and may take exponential time: call this function only in a process that can
 * be killed. Throws the errors of the parser (a RangeError on deep nesting).
 */
export function measure(text: string, kind: ScriptKind, digest: (text: string) => string): Measure {
  const file = parsed(text, kind);
  const fault = syntaxFault(file, kind);
  return fault === undefined ? { ...walkUnits(file, digest), size: sizeOf(text) } : { refusal: fault };
}

/** Early errors that a runtime tolerates in sloppy scripts: octal numbers and escapes, leading zeros. */
const sloppy: ReadonlySet<number> = new Set([1121, 1487, 1488, 1489]);
/** Files that a runtime takes for CommonJS unless they import or export. */
const scripts: ReadonlySet<ScriptKind> = new Set<ScriptKind>(['js', 'jsx', 'cjs']);
/** `a?.#x` is JavaScript since ES2022; the parser reads it whole, and still objects. */
const privateInChain = 18030;
/**
 * Error 17008, an unclosed element: a probe ends in the middle of the text, and such an element is reported
 * at its beginning.
 */
const unclosed = 17008;
/** The mark of a file with types of Flow, which no runtime takes. It names the fault, and changes no verdict. */
const flow = /@flow\b/;
const flowChars = 4_096;
const probeChars = 64 * 1024;
const probeFaultsMax = 50;

/**
 * The units of a text whose name does not mark it as a program: none unless it parses whole as JavaScript or
 * TypeScript and declares a function. Such a text is measured and bounded as any source, and refused
 * (`source.language`) when its first line starts another language.
 */
export function measureUnnamed(text: string, digest: (text: string) => string): Measure {
  if (!mayBeProgram(text) || isOtherText(text)) return { units: [] };
  const file = programOf(text);
  const found = file === undefined ? undefined : walkUnits(file, digest);
  return found?.units.some(({ kind }) => kind !== 'module') === true ? bounded(text, found) : { units: [] };
}

/** The tree of a text that parses whole in one of the forms in which a runtime would take it. */
function programOf(text: string): ts.SourceFile | undefined {
  const forms = text.includes('<!--') || text.includes('-->') ? [text, withoutMarkup(text)] : [text];
  for (const form of forms) {
    for (const kind of ['js', 'ts'] as const) {
      const file = parsed(form, kind);
      if (faultsOf(file).every(({ code }) => sloppy.has(code))) return file;
    }
  }
  return undefined;
}

// Runtimes take `<!--`, and `-->` at the beginning of a line, for comments of a script; the parser does not.
const withoutMarkup = (text: string): string =>
  text.replaceAll('<!--', '//--').replace(/^(\s*)-->/gm, '$1//>');

function bounded(text: string, found: Walked): Measure {
  const [, started] = /^#!([^\n\r]*)/.exec(text) ?? [];
  if (started !== undefined)
    return { refusal: { code: 'source.language', line: 1, found: started.trim().slice(0, 80) } };
  return { ...found, size: sizeOf(text) };
}

/**
 * True for a long text that is full of errors from its beginning: prose, or another language. Spares parsing
 * all of it.
 */
function isOtherText(text: string): boolean {
  if (text.length < 2 * probeChars) return false;
  const early = faultsOf(parsed(text.slice(0, probeChars), 'ts')).filter(
    ({ code, start }) => code !== unclosed && !sloppy.has(code) && start < probeChars / 2,
  );
  return early.length > probeFaultsMax;
}

function parsed(text: string, kind: ScriptKind): ts.SourceFile {
  return ts.createSourceFile(`a.${kind}`, text, {
    languageVersion: ts.ScriptTarget.Latest,
    jsDocParsingMode: ts.JSDocParsingMode.ParseNone,
  });
}

function faultsOf(file: ts.SourceFile): readonly ts.DiagnosticWithLocation[] {
  // Not in the published type, yet the only sign that the parser had to recover.
  const found = (file as { parseDiagnostics?: readonly ts.DiagnosticWithLocation[] }).parseDiagnostics;
  if (found === undefined) throw new Error('the parser no longer lists its diagnostics');
  return found;
}

function syntaxFault(file: ts.SourceFile, kind: ScriptKind): FileRefusal | undefined {
  const isScript = scripts.has(kind) && !ts.isExternalModule(file);
  const first = faultsOf(file).find(({ code }) => code !== privateInChain && !(isScript && sloppy.has(code)));
  if (first === undefined) return undefined;
  const line = file.getLineAndCharacterOfPosition(Math.min(first.start, file.end)).line + 1;
  const message = ts.flattenDiagnosticMessageText(first.messageText, ' ');
  return {
    code: 'source.syntax',
    line,
    found: flow.test(file.text.slice(0, flowChars)) ? `${message} (types of Flow)` : message,
  };
}
