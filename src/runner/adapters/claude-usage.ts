import type { ContextSeen } from '../context/context-seen.ts';
import type { AgentReport } from '../supervise/watch.ts';
import { countOf, jsonLine, objectOf, usdMicro } from './adapter.ts';
import { ClaudeContext } from './claude-context.ts';

/** Tokens of one answer of the model, as far as they are known. */
interface Spent {
  input: number;
  output: number;
}

/**
 * Reads the `stream-json` output of Claude Code: usage, called tools, and the parts of its context. An answer of the model begins with
 * its input tokens; its output tokens come with a stream event at its end (`--include-partial-messages`), and
 * the lines of its tool calls lie between. The program's own sums, subagents included, come with its result.
 */
export class ClaudeReader {
  readonly #messages = new Map<string, Spent>();
  /** The answer that is being streamed, by the tool call that started its subagent. */
  readonly #streamed = new Map<string, string>();
  #pending: { readonly id: string; readonly calls: string[] } | undefined;
  #sum = 0;
  #usdMicro = 0;
  readonly #context = new ClaudeContext();

  read(line: string): AgentReport {
    const said = isDelta(line) ? undefined : jsonLine(line);
    if (said === undefined) return {};
    if (said.type === 'stream_event') this.#event(said);
    if (said.type === 'result') return this.#result(said);
    const message = said.type === 'assistant' ? objectOf(said, 'message') : undefined;
    const context = [...this.#context.read(said), ...sizedBy(said)];
    return { ...(message !== undefined && this.#message(message)), ...(context.length > 0 && { context }) };
  }

  #event(said: Record<string, unknown>): void {
    const event = objectOf(said, 'event');
    const parent = textOf(said.parent_tool_use_id);
    const begun = event?.type === 'message_start' ? objectOf(event, 'message') : undefined;
    if (begun !== undefined) this.#streamed.set(parent, textOf(begun.id));
    this.#count(this.#streamed.get(parent) ?? '', begun?.usage ?? event?.usage);
  }

  /** Several lines may form one answer, one for each of its parts. The turn is over when the next one begins. */
  #message(message: Record<string, unknown>): AgentReport {
    const id = textOf(message.id);
    this.#count(id, message.usage);
    const calls = Array.isArray(message.content) ? message.content.flatMap(callOf) : [];
    const before = this.#pending;
    if (before?.id === id) before.calls.push(...calls);
    else this.#pending = { id, calls };
    // An answer of words alone is no turn: a turn consists of its calls.
    if (before === undefined || before.id === id || before.calls.length === 0) return this.#report();
    return { ...this.#report(), turn: { calls: before.calls } };
  }

  #result(said: Record<string, unknown>): AgentReport {
    this.#usdMicro = Math.max(this.#usdMicro, usdMicro(said.total_cost_usd));
    const models = Object.values(objectOf(said, 'modelUsage') ?? {});
    const sum = models.reduce<number>((tokens, model) => tokens + tokensOfModel(model), 0);
    this.#sum = Math.max(this.#sum, sum);
    return this.#report();
  }

  #count(id: string, usage: unknown): void {
    if (id === '') return;
    const { input, output } = this.#messages.get(id) ?? { input: 0, output: 0 };
    this.#messages.set(id, {
      input: Math.max(input, inputOf(usage)),
      output: Math.max(output, countOf(usage, 'output_tokens')),
    });
  }

  #report(): AgentReport {
    let tokens = 0;
    for (const { input, output } of this.#messages.values()) tokens += input + output;
    return { usage: { tokens: Math.max(tokens, this.#sum), usdMicro: this.#usdMicro, turns: 0 } };
  }
}

/** The size of the context of one answer of the agent itself; those of its subagents are contexts of their own. */
function sizedBy(said: Record<string, unknown>): ContextSeen[] {
  const event = objectOf(said, 'event');
  const message = event?.type === 'message_start' ? objectOf(event, 'message') : objectOf(said, 'message');
  const isOwn = said.type !== 'user' && textOf(said.parent_tool_use_id) === '';
  const tokens = isOwn ? inputOf(message?.usage) : 0;
  return tokens === 0 ? [] : [{ what: 'sized', tokens }];
}

const delta = '{"type":"stream_event","event":{"type":"content_block_';

/** True for a line with a piece of an answer that arrives whole in a later line. */
export const isStreamed = (line: string): boolean => line.startsWith('{"type":"stream_event"');

const isDelta = (line: string): boolean => line.startsWith(delta);

/** A tool call as text that is equal for equal calls. */
function callOf(block: unknown): string[] {
  const one = objectOf({ block }, 'block');
  return one?.type === 'tool_use' ? [JSON.stringify([one.name, one.input]).slice(0, 2000)] : [];
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

const inputOf = (usage: unknown): number =>
  countOf(usage, 'input_tokens') +
  countOf(usage, 'cache_creation_input_tokens') +
  countOf(usage, 'cache_read_input_tokens');

const tokensOfModel = (usage: unknown): number =>
  countOf(usage, 'inputTokens') +
  countOf(usage, 'outputTokens') +
  countOf(usage, 'cacheReadInputTokens') +
  countOf(usage, 'cacheCreationInputTokens');
