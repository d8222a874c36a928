import {
  type ContextReport,
  contextBounds,
  type LoadedPart,
  type LoadKind,
  type UseSign,
} from './context-report.ts';
import type { ContextSeen } from './context-seen.ts';

interface SeenPart {
  readonly kind: LoadKind;
  readonly source: string;
  readonly why: string;
  loads: number;
  characters: number;
  used: UseSign | null;
}

const partsMax = 2_000;
const identifiersMax = 50_000;
const textMax = 256 * 1024;
const strength: readonly (UseSign | null)[] = [null, 'reused', 'cited', 'edited'];

/** Names that nobody writes by chance: of six characters or more, with a capital inside, an underscore or a digit. */
const identifiers = (text: string): Iterable<string> =>
  (text.slice(0, textMax).match(/[A-Za-z_$][\w$]{5,}/g) ?? []).filter((name) => /[a-z][A-Z]|_|\d/.test(name));

/**
 * Writes down the parts of a run's context, and which of them show a sign of use. Pure except for its memory, which is
 * bounded. A part that shows no sign may have been used all the same: the sum is a lower bound.
 */
export class ContextManifest {
  #root = '/';
  readonly #parts = new Map<string, SeenPart>();
  /** The one part that has an identifier; null for one that several parts have, or that the model wrote by itself. */
  readonly #owners = new Map<string, SeenPart | null>();
  #isTold = false;
  #loads = 0;
  #loadedCharacters = 0;
  #tokens: { readonly first: number; most: number; last: number } | undefined;

  /** Input tokens of the largest answer so far; 0 while none is known. */
  get mostTokens(): number {
    return this.#tokens?.most ?? 0;
  }

  /** Takes the folder of the clone, below which paths are told from there, and the prompt, which every run loads. */
  begun(root: string, text: string): void {
    this.#root = root;
    this.#load({ kind: 'prompt', source: 'prompt', why: 'every run begins with it', text });
  }

  saw(seen: ContextSeen): void {
    this.#isTold = true;
    if (seen.what === 'loaded') this.#load({ ...seen, source: this.#named(seen.source) });
    else if (seen.what === 'said') this.#said(seen.text);
    else if (seen.what === 'edited') this.#edited(this.#named(seen.path));
    else this.#sized(seen.tokens);
  }

  /** All that was seen; undefined for a program that shows nothing of its context. */
  report(): ContextReport | undefined {
    if (!this.#isTold) return undefined;
    const all = [...this.#parts.values()];
    const used = all
      .filter((part) => part.used !== null)
      .reduce((sum, { characters }) => sum + characters, 0);
    const shown = all
      .sort((one, other) => other.characters - one.characters)
      .slice(0, contextBounds.partsMax);
    return {
      firstTokens: this.#tokens?.first ?? null,
      mostTokens: this.#tokens?.most ?? null,
      lastTokens: this.#tokens?.last ?? null,
      loads: this.#loads,
      loadedCharacters: this.#loadedCharacters,
      usedCharacters: used,
      parts: shown.map((part): LoadedPart => ({ ...part })),
      more: all.length - shown.length,
    };
  }

  #named(source: string): string {
    const below = source.startsWith(`${this.#root}/`) ? source.slice(this.#root.length + 1) : source;
    return wordsOf(below, contextBounds.sourceMax);
  }

  #load({ kind, source, why, text }: Omit<Extract<ContextSeen, { what: 'loaded' }>, 'what'>): void {
    this.#loads += 1;
    this.#loadedCharacters += text.length;
    const part = this.#part(kind, source, why);
    if (part === undefined) return;
    part.loads += 1;
    part.characters += text.length;
    for (const name of identifiers(text)) this.#own(name, part);
  }

  #part(kind: LoadKind, source: string, why: string): SeenPart | undefined {
    const key = `${kind} ${source}`;
    const known = this.#parts.get(key);
    if (known !== undefined || this.#parts.size >= partsMax) return known;
    const part = {
      kind,
      source,
      why: wordsOf(why, contextBounds.whyMax),
      loads: 0,
      characters: 0,
      used: null,
    };
    this.#parts.set(key, part);
    return part;
  }

  #own(name: string, part: SeenPart): void {
    const owner = this.#owners.get(name);
    if (owner === undefined) {
      if (this.#owners.size < identifiersMax) this.#owners.set(name, part);
    } else if (owner !== part) this.#owners.set(name, null);
  }

  #said(text: string): void {
    const words = text.slice(0, textMax);
    for (const part of this.#parts.values())
      if (part.kind === 'file' && isNamed(words, part.source)) use(part, 'cited');
    for (const name of identifiers(words)) this.#wrote(name);
  }

  #wrote(name: string): void {
    const owner = this.#owners.get(name);
    if (owner) use(owner, 'reused');
    // A name that the model wrote first is no sign once a later part has it.
    else if (owner === undefined && this.#owners.size < identifiersMax) this.#owners.set(name, null);
  }

  #edited(path: string): void {
    const part = this.#parts.get(`file ${path}`);
    if (part !== undefined) use(part, 'edited');
  }

  #sized(tokens: number): void {
    if (tokens === 0) return;
    this.#tokens ??= { first: tokens, most: tokens, last: tokens };
    this.#tokens.most = Math.max(this.#tokens.most, tokens);
    this.#tokens.last = tokens;
  }
}

function use(part: SeenPart, sign: UseSign): void {
  if (strength.indexOf(sign) > strength.indexOf(part.used)) part.used = sign;
}

const nameMin = 5;

/** True where a text names a path, or the file by its name alone. */
function isNamed(text: string, path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return text.includes(path) || (name.length >= nameMin && name.includes('.') && text.includes(name));
}

/** A text of one line without control characters, at most so long. */
const wordsOf = (text: string, charactersMax: number): string =>
  text
    .slice(0, 4 * charactersMax)
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\s]+/gu, ' ')
    .trim()
    .slice(0, charactersMax)
    .replace(/[\ud800-\udbff]$/, '');
