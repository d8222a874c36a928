import type { LoadKind } from '../context/context-report.ts';
import type { ContextSeen } from '../context/context-seen.ts';
import { objectOf } from './adapter.ts';

type CallInput = Readonly<Record<string, unknown>>;

/** A call of a tool whose result is a part of the context. */
interface AskedPart {
  readonly kind: LoadKind;
  readonly source: string;
  readonly why: string;
}

type AskedSource = readonly [kind: LoadKind, source: string];

const textOf = (from: CallInput, member: string): string => {
  const value: unknown = Object.hasOwn(from, member) ? from[member] : undefined;
  return typeof value === 'string' ? value : '';
};

/** Members that name the file, by the tools that edit it. */
const edits: Readonly<Record<string, string>> = {
  Edit: 'file_path',
  MultiEdit: 'file_path',
  Write: 'file_path',
  NotebookEdit: 'notebook_path',
};

const sources: ReadonlyMap<string, (input: CallInput) => AskedSource> = new Map<
  string,
  (input: CallInput) => AskedSource
>([
  ['Read', (input) => ['file', textOf(input, 'file_path')]],
  ['NotebookRead', (input) => ['file', textOf(input, 'notebook_path')]],
  ['Grep', (input) => ['search', `${textOf(input, 'pattern')} in ${textOf(input, 'path') || '.'}`]],
  ['Glob', (input) => ['search', textOf(input, 'pattern')]],
  ['LS', (input) => ['search', textOf(input, 'path')]],
  ['Bash', (input) => ['command', textOf(input, 'command')]],
]);

function sourceOf(tool: string, input: CallInput): AskedSource {
  const edited = Object.hasOwn(edits, tool) ? edits[tool] : undefined;
  if (edited !== undefined) return ['file', textOf(input, edited)];
  const own = /^mcp__(?:plugin_andon_)?andon__(\w+)$/.exec(tool)?.[1];
  return sources.get(tool)?.(input) ?? (own === undefined ? ['tool', tool] : ['andon', own]);
}

/** Members of inputs that are text of the model's own making, beyond the name of what it asks for. */
const written = ['command', 'content', 'new_string', 'new_source', 'prompt', 'edits'] as const;

const saidIn = (input: CallInput): string =>
  written
    .filter((member) => Object.hasOwn(input, member))
    .map((member) => (typeof input[member] === 'string' ? input[member] : JSON.stringify(input[member])))
    .join('\n');

const askedMax = 1_000;

/** Reads from the `stream-json` output of Claude Code what the program loads: the results of its calls of tools. */
export class ClaudeContext {
  readonly #asked = new Map<string, AskedPart>();
  /** The last words of the model, by the answer that they stand in. */
  #words: { readonly id: unknown; readonly text: string } | undefined;

  /** The parts of a line of the type `assistant` or `user`. */
  read(said: CallInput): ContextSeen[] {
    const message = objectOf(said, 'message');
    const content = message?.content;
    if (message === undefined || !Array.isArray(content)) return [];
    const blocks = content.flatMap((block: unknown): CallInput[] => {
      const one = objectOf({ block }, 'block');
      return one === undefined ? [] : [one];
    });
    if (said.type === 'user') return blocks.flatMap((block) => this.#result(block));
    return blocks.flatMap((block) => this.#answer(message.id, block));
  }

  #answer(id: unknown, block: CallInput): ContextSeen[] {
    if (block.type === 'tool_use') return this.#call(id, block);
    if (block.type !== 'text') return [];
    const text = textOf(block, 'text');
    this.#words = { id, text };
    return [{ what: 'said', text }];
  }

  #call(id: unknown, block: CallInput): ContextSeen[] {
    const tool = textOf(block, 'name');
    const input = objectOf(block, 'input') ?? {};
    const [kind, source] = sourceOf(tool, input);
    if (this.#asked.size < askedMax)
      this.#asked.set(textOf(block, 'id'), { kind, source, why: this.#saidIn(id) });
    const text = saidIn(input);
    const said: ContextSeen[] = text === '' ? [] : [{ what: 'said', text }];
    return Object.hasOwn(edits, tool) ? [...said, { what: 'edited', path: source }] : said;
  }

  /** The last words of an answer. */
  #saidIn(id: unknown): string {
    return this.#words?.id === id ? (this.#words?.text ?? '') : '';
  }

  #result(block: CallInput): ContextSeen[] {
    if (block.type !== 'tool_result') return [];
    const id = textOf(block, 'tool_use_id');
    const asked = this.#asked.get(id);
    this.#asked.delete(id);
    if (asked === undefined) return [];
    return [{ what: 'loaded', ...asked, text: resultText(block.content) }];
  }
}

function resultText(content: unknown): string {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return '';
  return content
    .map((part: unknown) => {
      const one = objectOf({ part }, 'part');
      return one?.type === 'text' ? textOf(one, 'text') : '';
    })
    .join('\n');
}
