/** Keeps the head and the tail of a stream of bytes, the parts that a person reads first, in bounded memory. */
export class BoundedOutput {
  readonly #halfMax: number;
  #head: Buffer[] = [];
  #headBytes = 0;
  #tail: Buffer[] = [];
  #tailBytes = 0;
  #dropped = 0;

  constructor(bytesMax: number) {
    this.#halfMax = Math.floor(bytesMax / 2);
  }

  add(chunk: Buffer): void {
    const room = this.#halfMax - this.#headBytes;
    const first = chunk.subarray(0, Math.max(0, room));
    if (first.length > 0) {
      this.#head.push(Buffer.from(first));
      this.#headBytes += first.length;
    }
    const rest = chunk.subarray(first.length);
    if (rest.length > 0) this.#addTail(rest);
  }

  #addTail(chunk: Buffer): void {
    const kept = Buffer.from(chunk.subarray(Math.max(0, chunk.length - this.#halfMax)));
    this.#dropped += chunk.length - kept.length;
    this.#tail.push(kept);
    this.#tailBytes += kept.length;
    for (
      let first = this.#tail[0];
      first !== undefined && this.#tailBytes - first.length >= this.#halfMax;
      first = this.#tail[0]
    ) {
      this.#tail.shift();
      this.#tailBytes -= first.length;
      this.#dropped += first.length;
    }
  }

  /** The kept text, with a line that tells the number of bytes left out. */
  text(): string {
    // Whole chunks are dropped while more arrives, so up to one of them is left to cut off here.
    const tail = Buffer.concat(this.#tail);
    const excess = Math.max(0, tail.length - this.#halfMax);
    const dropped = this.#dropped + excess;
    const gap = dropped === 0 ? '' : `\n… ${dropped} bytes left out …\n`;
    return Buffer.concat([...this.#head, Buffer.from(gap), tail.subarray(excess)]).toString('utf8');
  }
}
