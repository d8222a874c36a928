/** One answer of `git cat-file --batch-command`; without `content` for `info`, and where it is over the limit. */
export interface BatchAnswer {
  readonly type: string;
  readonly bytes: number;
  readonly content?: Buffer;
}

interface Question {
  readonly withContent: boolean;
  readonly bytesMax: number;
  resolve(answer: BatchAnswer | undefined): void;
  reject(error: Error): void;
}

interface Content {
  readonly type: string;
  readonly bytes: number;
  /** Bytes still to come, the closing newline among them. */
  left: number;
  readonly chunks: Buffer[] | undefined;
}

const newline = 0x0a;

/**
 * Puts the bytes of `cat-file` together into answers, in the order of the questions. Content over the limit of its
 * question is counted and dropped as it comes, so memory stays bounded by the limits.
 */
export function createBatchParser() {
  const questions: Question[] = [];
  let head: Buffer = Buffer.alloc(0);
  let content: Content | undefined;

  const takeHeader = (line: string): void => {
    const [, type = '', size = ''] = line.split(' ');
    const question = questions[0];
    if (question === undefined) return;
    if (type === 'missing' || !/^\d+$/.test(size)) {
      questions.shift();
      question.resolve(undefined);
    } else if (question.withContent) {
      const bytes = Number(size);
      content = { type, bytes, left: bytes + 1, chunks: bytes <= question.bytesMax ? [] : undefined };
    } else {
      questions.shift();
      question.resolve({ type, bytes: Number(size) });
    }
  };

  const takeContent = (open: Content, chunk: Buffer): Buffer => {
    const part = chunk.subarray(0, open.left);
    open.chunks?.push(part);
    open.left -= part.length;
    if (open.left === 0) {
      content = undefined;
      const { type, bytes, chunks } = open;
      const whole = chunks && (chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
      questions.shift()?.resolve({ type, bytes, ...(whole && { content: whole.subarray(0, bytes) }) });
    }
    return chunk.subarray(part.length);
  };

  return {
    expect: (withContent: boolean, bytesMax: number): Promise<BatchAnswer | undefined> =>
      new Promise((resolve, reject) => questions.push({ withContent, bytesMax, resolve, reject })),
    push(chunk: Buffer): void {
      let rest = chunk;
      while (rest.length > 0) {
        if (content !== undefined) {
          rest = takeContent(content, rest);
          continue;
        }
        const end = rest.indexOf(newline);
        if (end < 0) {
          head = Buffer.concat([head, rest]);
          return;
        }
        const line = Buffer.concat([head, rest.subarray(0, end)]).toString('latin1');
        head = Buffer.alloc(0);
        rest = rest.subarray(end + 1);
        takeHeader(line);
      }
    },
    /** Rejects every open question and forgets a half-read answer. */
    fail(error: Error): void {
      head = Buffer.alloc(0);
      content = undefined;
      for (const question of questions.splice(0)) question.reject(error);
    },
  };
}
