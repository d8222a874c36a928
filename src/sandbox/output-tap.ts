import { StringDecoder } from 'node:string_decoder';
import { BoundedOutput } from './bounded-output.ts';

/** Most bytes of one piece: the middle of what a command says faster than that is left out. */
const pieceBytesMax = 64 * 1024;

/**
 * Lets the output of a command be read while the command runs: all so far at the first look, then the rest piece by
 * piece. Nothing is kept for a command that nobody looks at.
 */
export class OutputTap {
  #soFar: () => string = () => '';
  #decoder = new StringDecoder('utf8');
  #next: BoundedOutput | undefined;

  /** Names the source of the output up to the first look. */
  attach(soFar: () => string): void {
    this.#soFar = soFar;
  }

  add(chunk: Buffer): void {
    this.#next?.add(Buffer.from(this.#decoder.write(chunk)));
  }

  /** True while somebody looks. */
  get isOpen(): boolean {
    return this.#next !== undefined;
  }

  /** The output since the last look. */
  take(): string {
    const text = this.#next === undefined ? this.#soFar().slice(-pieceBytesMax) : this.#next.text();
    this.#next = new BoundedOutput(pieceBytesMax);
    return text;
  }

  /** Ends the looking: the next look begins with all so far. */
  close(): void {
    this.#next = undefined;
    this.#decoder = new StringDecoder('utf8');
  }
}
