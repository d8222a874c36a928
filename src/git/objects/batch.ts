/** One answer of `git cat-file --batch-command`; without `content` for `info`, and for content over the limit. */
export interface BatchAnswer {
  readonly type: string;
  readonly bytes: number;
  readonly content?: Buffer;
}

interface BatchQuestion {
  readonly withContent: boolean;
  readonly bytesMax: number;
  resolve(answer: BatchAnswer | undefined): void;
  reject(error: Error): void;
}

interface ObjectContent {
  readonly type: string;
  readonly bytes: number;
  /** Bytes still to come, the closing newline among them. */
  left: number;
  readonly chunks: Buffer[] | undefined;
}

const newline = 0x0a;

/** The size in a header, or undefined when the object is missing. */
const sizeOf = (type: string, size: string): number | undefined =>
  type === 'missing' || !/^\d+$/.test(size) ? undefined : Number(size);

/**
 * Joins the bytes of `cat-file` into answers, in the order of the questions. Content over the limit of its
 * question is counted and dropped as it arrives, so memory stays bounded by the limits.
 */
export class BatchParser {
  readonly #questions: BatchQuestion[] = [];
  #head: Buffer = Buffer.alloc(0);
  #content: ObjectContent | undefined;

  expect(withContent: boolean, bytesMax: number): Promise<BatchAnswer | undefined> {
    return new Promise((resolve, reject) => this.#questions.push({ withContent, bytesMax, resolve, reject }));
  }

  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#content !== undefined) {
        rest = this.#takeContent(this.#content, rest);
        continue;
      }
      const end = rest.indexOf(newline);
      if (end < 0) {
        this.#head = Buffer.concat([this.#head, rest]);
        return;
      }
      const line = Buffer.concat([this.#head, rest.subarray(0, end)]).toString('latin1');
      this.#head = Buffer.alloc(0);
      rest = rest.subarray(end + 1);
      this.#takeHeader(line);
    }
  }

  /** Rejects every open question and forgets a half-read answer. */
  fail(error: Error): void {
    this.#head = Buffer.alloc(0);
    this.#content = undefined;
    for (const question of this.#questions.splice(0)) question.reject(error);
  }

  #takeHeader(line: string): void {
    const [, type = '', size = ''] = line.split(' ');
    const question = this.#questions[0];
    if (question === undefined) return;
    const bytes = sizeOf(type, size);
    if (bytes !== undefined && question.withContent) {
      this.#content = { type, bytes, left: bytes + 1, chunks: bytes <= question.bytesMax ? [] : undefined };
      return;
    }
    this.#questions.shift();
    question.resolve(bytes === undefined ? undefined : { type, bytes });
  }

  #takeContent(open: ObjectContent, chunk: Buffer): Buffer {
    const part = chunk.subarray(0, open.left);
    open.chunks?.push(part);
    open.left -= part.length;
    if (open.left === 0) {
      this.#content = undefined;
      const { type, bytes, chunks } = open;
      const whole = chunks && (chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
      this.#questions.shift()?.resolve({ type, bytes, ...(whole && { content: whole.subarray(0, bytes) }) });
    }
    return chunk.subarray(part.length);
  }
}
