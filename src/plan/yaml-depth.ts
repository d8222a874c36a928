import { Lexer } from 'yaml';

/**
 * True when YAML nests deeper than `depthMax`. Reads the tokens alone, before anything is composed: the
 * composer recurses, and 5,000 brackets do not overflow its stack but end the process (V8 runs out of memory
 * compiling a regular expression at the end of the stack). Stops at the first token that is too deep.
 */
export function nestsDeeperThan(text: string, depthMax: number): boolean {
  const depth = new Depth();
  for (const token of new Lexer().lex(text)) if (depth.after(token) > depthMax) return true;
  return false;
}

const opening: ReadonlySet<string> = new Set(['[', '{']);
const closing: ReadonlySet<string> = new Set([']', '}']);
const indicators: ReadonlySet<string> = new Set(['-', '?', ':']);

/** Counts open brackets, the indentations that a line stands below, and the indicators before it on the same line. */
class Depth {
  #flow = 0;
  #indents: number[] = [];
  #onLine = 0;
  #startsLine = true;

  after(token: string): number {
    if (token === '\n' || token === '\r\n') this.#endLine();
    else if (this.#flow === 0) this.#inBlock(token);
    if (opening.has(token)) this.#flow += 1;
    else if (closing.has(token)) this.#flow = Math.max(0, this.#flow - 1);
    return this.#flow + this.#indents.length + this.#onLine;
  }

  #inBlock(token: string): void {
    if (this.#startsLine) this.#indent(token);
    if (indicators.has(token)) this.#onLine += 1;
  }

  #endLine(): void {
    this.#startsLine = true;
    this.#onLine = 0;
  }

  #indent(token: string): void {
    this.#startsLine = false;
    const columns = /^ +$/.test(token) ? token.length : 0;
    while ((this.#indents.at(-1) ?? -1) >= columns) this.#indents.pop();
    this.#indents.push(columns);
  }
}
