import { interpreterOf } from '../languages/first-line.ts';
import type { GrammarName } from '../languages/grammar.ts';
import { isGrammar, languageOfEnding, languageOfInterpreter } from '../languages/grammars.ts';
import { unmeasuredLanguage } from '../languages/unmeasured.ts';

/** The way to parse a file of TypeScript or JavaScript: its extension, with every form of declaration file as `d.ts`. */
export type ScriptKind = 'ts' | 'tsx' | 'mts' | 'cts' | 'js' | 'jsx' | 'mjs' | 'cjs' | 'd.ts';

/** The way to measure a file. */
export type SourceKind = ScriptKind | GrammarName | 'c';

/** The names under which plans set limits for a language. C and C++ share one. */
export const languageNames = ['typescript', 'javascript', 'python', 'go', 'rust', 'java', 'c'] as const;
/** A language that is measured. */
export type LanguageName = (typeof languageNames)[number];

/** The language of a file by its name alone: a script that only its first line gives away belongs to none. */
export function languageOf(path: string): LanguageName | undefined {
  const kind = sourceKind(path);
  if (kind === undefined || !isScript(kind)) return kind;
  return /^[cm]?jsx?$/.test(kind) ? 'javascript' : 'typescript';
}

/** True for the kinds that the compiler of TypeScript parses. */
export const isScript = (kind: SourceKind): kind is ScriptKind => kind !== 'c' && !isGrammar(kind);

const extension = /\.([cm]?[jt]s|[jt]sx)$/;
const declaration = /\.d\.(?:[^./]+\.)?[cm]?ts$/;
// Formats of data and text, whose files no runtime takes for a program.
const data = /\.(?:json[5cl]?|ndjson|geojson|webmanifest|map|ya?ml|md|markdown|mdx|lock|lockb|lockfile)$/;
const scriptLine = /^#![^\n]*\b(node|bun|deno|tsx|ts-node)\b/;

/**
 * The way to measure the file at `path`, or undefined when its name does not tell. `head` is the beginning of
 * its text: a file of another name is a script when its first line starts Node, Bun, Deno, tsx, ts-node or Python.
 */
export function sourceKind(path: string, head = ''): SourceKind | undefined {
  // Runtimes on case-insensitive disks load `a.TS` as `a.ts`.
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  if (declaration.test(name)) return 'd.ts';
  const found = extension.exec(name)?.[1];
  if (found !== undefined) return found as ScriptKind;
  return languageOfEnding(endingOf(name)) ?? (data.test(name) ? undefined : scriptKind(head));
}

const endingOf = (name: string): string => {
  const dot = name.lastIndexOf('.');
  return dot < 0 ? '' : name.slice(dot);
};

/** The language of a file that has no adapter, by its name or its first line; undefined for data, text and measured code. */
export function languageWithout(path: string, head = ''): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1).toLowerCase();
  if (data.test(name)) return undefined;
  return unmeasuredLanguage(endingOf(name), interpreterOf(head));
}

/**
 * True when the file at `path` may hold a program, by its name or, for names that do not tell, by its
 * content. JSON, YAML, Markdown and lock files are left alone.
 */
export const mayHoldSource = (path: string): boolean =>
  sourceKind(path) !== undefined || !data.test(path.toLowerCase());

const hasWords = (text: string): boolean =>
  text.includes('=>') || text.includes('function') || (text.includes(')') && text.includes('{'));
// From the first of these on, a program may hold any character: a string, a comment, a pattern, a `#!` line.
const quote = /['"`/#<-]/;
const control = /[\u0000-\u0008\u000e-\u001f\u007f]/;
const headChars = 128;

/**
 * False when `text` cannot be a program that declares a function: no keyword for one occurs in it, or it
 * begins as binary files do. Cheap, and never false for a program.
 */
export function mayBeProgram(text: string): boolean {
  const [plain = ''] = text.slice(0, headChars).split(quote, 1);
  return !control.test(plain) && hasWords(text);
}

function scriptKind(head: string): SourceKind | undefined {
  const runtime = scriptLine.exec(head)?.[1];
  if (runtime === undefined) return languageOfInterpreter(interpreterOf(head) ?? '');
  return runtime === 'node' ? 'js' : 'ts';
}
