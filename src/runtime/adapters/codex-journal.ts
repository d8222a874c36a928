import { constants } from 'node:fs';
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentReport } from '../run/watch.ts';
import { countOf, jsonLine, objectOf } from './adapter.ts';

const filesMax = 64;
const bytesMax = 4 * 1024 * 1024;

interface Read {
  offset: number;
  rest: string;
  tokens: number;
}

/**
 * What Codex has spent while it works: on its output it says so only at the end, in the journals of its sessions
 * (`sessions/<year>/<month>/<day>/rollout-….jsonl`) after each answer of the model. They lie where the agent may write, so
 * they are read as plain files, at most 4 MB at a look, and can add to what was counted, never take away.
 */
export class CodexJournal {
  readonly #folder: string;
  readonly #files = new Map<string, Read>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Tokens of all sessions so far, those of subagents included. */
  async read(): Promise<AgentReport> {
    const names = await readdir(this.#folder, { recursive: true }).catch(() => []);
    for (const name of names.filter((one) => one.endsWith('.jsonl')).slice(0, filesMax))
      await this.#readOn(name).catch(() => undefined);
    const tokens = [...this.#files.values()].reduce((sum, file) => sum + file.tokens, 0);
    return { usage: { tokens, usdMicro: 0, turns: 0 } };
  }

  async #readOn(name: string): Promise<void> {
    const file = this.#files.get(name) ?? { offset: 0, rest: '', tokens: 0 };
    this.#files.set(name, file);
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    const handle = await open(join(this.#folder, name), flags);
    try {
      if ((await handle.stat()).isFile()) await readLines(handle, file);
    } finally {
      await handle.close();
    }
  }
}

async function readLines(handle: FileHandle, file: Read): Promise<void> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(bytesMax), 0, bytesMax, file.offset);
  file.offset += bytesRead;
  // Latin-1: the numbers are ASCII, and no character is cut in two.
  const lines = (file.rest + buffer.toString('latin1', 0, bytesRead)).split('\n');
  file.rest = lines.pop()?.slice(0, bytesMax) ?? '';
  for (const line of lines) file.tokens = Math.max(file.tokens, tokensOf(line));
}

function tokensOf(line: string): number {
  const payload = line.includes('"token_count"') ? objectOf(jsonLine(line), 'payload') : undefined;
  const total = objectOf(objectOf(payload, 'info'), 'total_token_usage');
  return countOf(total, 'input_tokens') + countOf(total, 'output_tokens');
}
