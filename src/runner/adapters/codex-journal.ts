import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { ContextSeen } from '../context/context-seen.ts';
import { LiveFolder } from '../live-folder.ts';
import type { AgentReport } from '../supervise/watch.ts';
import { countOf, jsonLine, objectOf } from './adapter.ts';

const filesMax = 64;
const bytesMax = 4 * 1024 * 1024;
const depthMax = 12;

interface Read {
  offset: number;
  rest: string;
  tokens: number;
  /** Input tokens of the answers since the last look. */
  sizes: number[];
}

/**
 * Reads the usage of Codex while it works: its output reports usage only at the end, the journals of its
 * sessions (`sessions/<year>/<month>/<day>/rollout-….jsonl`) after each answer of the model. The agent may
 * write there, so they are read as plain files, at most 4 MB at a time, and can only add to the counted
 * usage.
 */
export class CodexJournal {
  readonly #root: string;
  readonly #names: readonly string[];
  readonly #files = new Map<string, Read>();

  /** `root` is a folder whose own path the agent cannot change, `names` lead from there to the sessions. */
  constructor(root: string, names: readonly string[]) {
    this.#root = root;
    this.#names = names;
  }

  /** Tokens of all sessions so far, those of subagents included. */
  async read(): Promise<AgentReport> {
    const budget = { filesLeft: filesMax };
    await this.#into(await LiveFolder.open(this.#root), '', 0, budget).catch(() => undefined);
    const tokens = [...this.#files.values()].reduce((sum, file) => sum + file.tokens, 0);
    const context = [...this.#files.values()].flatMap(({ sizes }) => sizes.splice(0)).map(sized);
    return { usage: { tokens, usdMicro: 0, turns: 0 }, ...(context.length > 0 && { context }) };
  }

  /** Descends to the sessions, then through their years, months and days. */
  async #into(
    folder: LiveFolder | undefined,
    path: string,
    depth: number,
    budget: { filesLeft: number },
  ): Promise<void> {
    if (folder === undefined) return;
    try {
      const named = this.#names[depth];
      const entries = named === undefined ? await folder.entries() : [{ name: named, isFolder: true }];
      for (const { name, isFolder } of entries) {
        const below = `${path}/${name}`;
        if (isFolder && depth < depthMax)
          await this.#into(await folder.folder(name), below, depth + 1, budget);
        else if (name.endsWith('.jsonl') && budget.filesLeft-- > 0) await this.#readOn(folder, name, below);
      }
    } finally {
      await folder.close();
    }
  }

  async #readOn(folder: LiveFolder, name: string, path: string): Promise<void> {
    const handle = await folder.file(name, constants.O_RDONLY);
    if (handle === undefined) return;
    const file = this.#files.get(path) ?? { offset: 0, rest: '', tokens: 0, sizes: [] };
    this.#files.set(path, file);
    try {
      await readLines(handle, file);
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
  for (const line of lines) {
    const info = infoOf(line);
    const total = objectOf(info, 'total_token_usage');
    file.tokens = Math.max(file.tokens, countOf(total, 'input_tokens') + countOf(total, 'output_tokens'));
    file.sizes.push(countOf(objectOf(info, 'last_token_usage'), 'input_tokens'));
  }
}

const sized = (tokens: number): ContextSeen => ({ what: 'sized', tokens });

const infoOf = (line: string): Record<string, unknown> | undefined =>
  objectOf(line.includes('"token_count"') ? objectOf(jsonLine(line), 'payload') : undefined, 'info');
