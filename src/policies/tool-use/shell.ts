/** One word of a command line. `fixed` is false when a variable or a pattern decides the final text. */
export interface Word {
  readonly text: string;
  readonly fixed: boolean;
}

/** One simple command: its words, and the files that its output is redirected to. */
export interface Command {
  readonly words: readonly Word[];
  readonly writes: readonly Word[];
}

/** The commands of a command line, or the reason why they cannot be told from its text. */
export type Reading =
  | { readonly kind: 'read'; readonly commands: readonly Command[] }
  | { readonly kind: 'unreadable'; readonly why: string };

const lengthMax = 20_000;
const depthMax = 8;

/**
 * Reads a line of POSIX shell or bash as far as needed to tell the commands that it starts: quotes,
 * operators, redirections, here-documents, groups and `$(…)`. Anything that could hide a command (backquotes,
 * process substitution, endless nesting, an open quote) makes the line unreadable.
 */
export function readShell(text: string): Reading {
  if (text.length > lengthMax) return { kind: 'unreadable', why: `longer than ${lengthMax} characters` };
  const reader = new ShellReader(text);
  try {
    reader.list(0, false);
    return { kind: 'read', commands: reader.commands };
  } catch (error) {
    if (error instanceof Unreadable) return { kind: 'unreadable', why: error.message };
    throw error;
  }
}

class Unreadable extends Error {}

/** Characters that end a word outside of quotes. */
const enders = new Set([' ', '\t', '\n', ';', '&', '|', '(', ')', '<', '>']);

const redirection = /^(?:&>>?|<<<|<<-?|<>|<&|<\(|>>|>\||>&|>\(|[<>])/;

interface HereDocument {
  readonly end: string;
  readonly quoted: boolean;
  readonly dashed: boolean;
}

class ShellReader {
  readonly commands: Command[] = [];
  readonly #text: string;
  #at = 0;
  #words: Word[] = [];
  #writes: Word[] = [];
  #pending: HereDocument[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  /** Commands up to the end, or to the `)` that closes a group. */
  list(depth: number, closing: boolean): void {
    if (depth > depthMax) throw new Unreadable(`nested more than ${depthMax} deep`);
    const outer = [this.#words, this.#writes, this.#pending] as const;
    [this.#words, this.#writes, this.#pending] = [[], [], []];
    while (this.#at < this.#text.length && !(closing && this.#peek() === ')')) this.#step(depth);
    this.#end();
    if (closing && this.#next() !== ')') throw new Unreadable('an open parenthesis');
    [this.#words, this.#writes, this.#pending] = outer;
  }

  /** The next word, operator, redirection, group or comment. */
  #step(depth: number): void {
    const char = this.#peek();
    if (char === '<' || char === '>' || this.#isAmpersandRedirect()) this.#redirect(depth);
    else if (char === '(') this.#group(depth);
    else if (char === '#' && this.#startsWord()) this.#skipLine();
    else if (enders.has(char)) this.#operator(char);
    else this.#words.push(this.#word(depth));
  }

  #end(): void {
    if (this.#words.length > 0 || this.#writes.length > 0)
      this.commands.push({ words: this.#words, writes: this.#writes });
    [this.#words, this.#writes] = [[], []];
  }

  #peek(ahead = 0): string {
    return this.#text.charAt(this.#at + ahead);
  }

  #next(): string {
    return this.#text.charAt(this.#at++);
  }

  #startsWord(): boolean {
    return this.#at === 0 || enders.has(this.#text.charAt(this.#at - 1));
  }

  #skipLine(): void {
    while (this.#at < this.#text.length && this.#peek() !== '\n') this.#at++;
  }

  #isAmpersandRedirect(): boolean {
    return this.#peek() === '&' && this.#peek(1) === '>';
  }

  #group(depth: number): void {
    this.#end();
    this.#at++;
    this.list(depth + 1, true);
  }

  #operator(char: string): void {
    this.#at++;
    if (char === ' ' || char === '\t') return;
    this.#end();
    if (char === '\n') this.#hereBodies();
  }

  #redirect(depth: number): void {
    const operator = this.#redirectOperator();
    while (this.#peek() === ' ' || this.#peek() === '\t') this.#at++;
    const target = this.#word(depth);
    if (operator.startsWith('<<') && operator !== '<<<')
      this.#pending.push({ end: target.text, quoted: this.#wasQuoted, dashed: operator === '<<-' });
    else if (operator.includes('>') && !/^(?:\d+|-)$/.test(target.text)) this.#writes.push(target);
  }

  #redirectOperator(): string {
    const [operator = ''] = redirection.exec(this.#text.slice(this.#at, this.#at + 3)) ?? [];
    if (operator.endsWith('(')) throw new Unreadable('process substitution');
    // The number before a redirection names a file descriptor and no argument: `2>`.
    if (/\d/.test(this.#text.charAt(this.#at - 1)) && /^\d$/.test(this.#words.at(-1)?.text ?? ''))
      this.#words.pop();
    this.#at += operator.length;
    return operator;
  }

  #hereBodies(): void {
    for (const { end, quoted, dashed } of this.#pending.splice(0)) {
      for (let ended = false; !ended; ) {
        if (this.#at >= this.#text.length) throw new Unreadable('a here-document without its end');
        const from = this.#at;
        this.#skipLine();
        const line = this.#text.slice(from, this.#at++);
        ended = (dashed ? line.replace(/^\t+/, '') : line) === end;
        if (!quoted && /\$\(|`/.test(line)) throw new Unreadable('a command inside of a here-document');
      }
    }
  }

  #wasQuoted = false;

  #word(depth: number): Word {
    let text = '';
    let fixed = true;
    this.#wasQuoted = false;
    while (this.#at < this.#text.length && !enders.has(this.#peek())) {
      const piece = this.#piece(depth);
      text += piece.text;
      fixed &&= piece.fixed;
    }
    return { text, fixed };
  }

  #piece(depth: number): Word {
    const char = this.#next();
    if (char === "'") return this.#single();
    if (char === '"') return this.#double(depth);
    if (char === '\\') return { text: this.#escaped(), fixed: true };
    if (char === '$') return this.#dollar(depth);
    if (char === '`') throw new Unreadable('backquotes');
    return { text: char, fixed: !'*?[{'.includes(char) };
  }

  /** A backslash before a line end joins the lines. */
  #escaped(): string {
    const char = this.#next();
    return char === '\n' ? '' : char;
  }

  #single(): Word {
    this.#wasQuoted = true;
    const end = this.#text.indexOf("'", this.#at);
    if (end === -1) throw new Unreadable('an open quote');
    const text = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    return { text, fixed: true };
  }

  #double(depth: number): Word {
    this.#wasQuoted = true;
    let text = '';
    let fixed = true;
    while (this.#peek() !== '"') {
      if (this.#at >= this.#text.length) throw new Unreadable('an open quote');
      const char = this.#next();
      if (char === '`') throw new Unreadable('backquotes');
      const piece =
        char === '$' ? this.#dollar(depth) : { text: char === '\\' ? this.#escaped() : char, fixed: true };
      text += piece.text;
      fixed &&= piece.fixed;
    }
    this.#at++;
    return { text, fixed };
  }

  /** Reads on after a `$`: a variable, or a nested command, which is read like the rest. */
  #dollar(depth: number): Word {
    const [opening = ''] = /^(?:\(\(|\(|'|\{\w+\}|\{)/.exec(this.#text.slice(this.#at, this.#at + 100)) ?? [];
    this.#at += opening.length;
    if (opening === '((' || opening === "'" || opening === '{')
      throw new Unreadable(`an expansion that begins with $${opening}`);
    if (opening === '(') this.list(depth + 1, true);
    return { text: '$', fixed: false };
  }
}
