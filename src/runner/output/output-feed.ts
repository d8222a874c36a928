import { StringDecoder } from 'node:string_decoder';
import { Redactor } from './redact.ts';

const pieceMax = 60_000;
const lineMax = 8 * 1024 * 1024;

/** The output of a run since the last call, in pieces that stay small at any amount: its head and its tail. */
export class OutputFeed {
  readonly #decoder = new StringDecoder('utf8');
  readonly #redactor: Redactor;
  #open = '';
  #head = '';
  #tail = '';
  #dropped = 0;

  constructor(mask = new Redactor()) {
    this.#redactor = mask;
  }

  add(chunk: Buffer): void {
    // A text that may be the first half of a secret waits for the second.
    const both = this.#redactor.cover(this.#open + this.#decoder.write(chunk));
    const open = this.#redactor.openEnd(both);
    this.#open = both.slice(both.length - open);
    this.#keep(both.slice(0, both.length - open));
  }

  /** Marks the end of the output. */
  end(): void {
    this.#keep(this.#open);
    this.#open = '';
  }

  #keep(text: string): void {
    const room = Math.max(0, pieceMax / 2 - this.#head.length);
    this.#head += text.slice(0, room);
    const rest = text.slice(room);
    if (rest === '') return;
    const both = this.#tail + rest;
    this.#tail = both.slice(-pieceMax / 2);
    this.#dropped += both.length - this.#tail.length;
  }

  get isEmpty(): boolean {
    return this.#head === '';
  }

  /** The output since the last call; a long middle is left out, and a line says so. */
  take(): string[] {
    if (this.isEmpty) return [];
    const gap = this.#dropped === 0 ? '' : `\n… ${this.#dropped} characters left out …\n`;
    const piece = this.#head + gap + this.#tail;
    this.#head = '';
    this.#tail = '';
    this.#dropped = 0;
    return [piece];
  }
}

/** Cuts a stream into lines; a line longer than 8 MB is skipped. */
export class LineReader {
  readonly #decoder = new StringDecoder('utf8');
  readonly #heard: (line: string) => void;
  #parts: string[] = [];
  #length = 0;

  constructor(heard: (line: string) => void) {
    this.#heard = heard;
  }

  add(chunk: Buffer): void {
    const text = this.#decoder.write(chunk);
    let from = 0;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', from)) {
      this.#keep(text.slice(from, at));
      this.end();
      from = at + 1;
    }
    this.#keep(text.slice(from));
  }

  #keep(part: string): void {
    this.#length += part.length;
    if (this.#length <= lineMax && part !== '') this.#parts.push(part);
    else if (this.#length > lineMax) this.#parts = [];
  }

  /** Takes the last line, which no line end follows. */
  end(): void {
    if (this.#length > 0 && this.#length <= lineMax) this.#heard(this.#parts.join(''));
    this.#parts = [];
    this.#length = 0;
  }
}
