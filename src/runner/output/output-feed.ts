import { StringDecoder } from 'node:string_decoder';
import { Redactor } from './redact.ts';

const pieceMax = 60_000;
const lineMax = 8 * 1024 * 1024;

/** What a run printed since the last look, in pieces that stay small however much it prints: head and tail of it. */
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
    // What may be half a secret waits for its other half.
    const both = this.#redactor.cover(this.#open + this.#decoder.write(chunk));
    const open = this.#redactor.openEnd(both);
    this.#open = both.slice(both.length - open);
    this.#keep(both.slice(0, both.length - open));
  }

  /** No more will come. */
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

  /** What was printed since the last call; the middle of much of it is left out, and said so. */
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

/** Cuts a stream into lines; what is longer than 8 MB between two line ends is skipped. */
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

  /** The last line, which no line end follows. */
  end(): void {
    if (this.#length > 0 && this.#length <= lineMax) this.#heard(this.#parts.join(''));
    this.#parts = [];
    this.#length = 0;
  }
}
