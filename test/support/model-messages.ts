import type { Turn, View } from './model-server.ts';

interface Block {
  readonly type: string;
  readonly text?: string;
  readonly id?: string;
  readonly content?: unknown;
}

interface Message {
  readonly role: string;
  readonly content: string | readonly Block[];
}

const blocksOf = ({ content }: Message): readonly Block[] =>
  typeof content === 'string' ? [{ type: 'text', text: content }] : content;

const textOf = (content: unknown): string =>
  typeof content === 'string'
    ? content
    : Array.isArray(content)
      ? content.map((one: Block) => one.text ?? JSON.stringify(one)).join('\n')
      : '';

/** A request of the Messages API. */
export function messagesView(body: Record<string, unknown>): View {
  const messages = (body.messages ?? []) as readonly Message[];
  const tools = ((body.tools ?? []) as readonly { name: string }[]).map(({ name }) => name);
  const since = messages.slice(1 + messages.findLastIndex(({ role }) => role === 'assistant'));
  const first = messages.find(({ role }) => role === 'user');
  return {
    prompt: first === undefined ? '' : textOf(blocksOf(first)),
    results: since
      .flatMap(blocksOf)
      .filter(({ type }) => type === 'tool_result')
      .map(({ content }) => textOf(content)),
    tools,
    text: JSON.stringify([body.system, messages]),
    callIds: messages
      .flatMap(blocksOf)
      .filter(({ type }) => type === 'tool_use')
      .map(({ id = '' }) => id),
  };
}

type Event = { readonly type: string } & Record<string, unknown>;

/** The answer as the stream of events of the Messages API; input tokens first, output tokens at the end. */
export function messagesEvents(
  { text, calls = [] }: Turn,
  usage: { input: number; output: number },
  id: string,
  body: Record<string, unknown>,
): Event[] {
  const words = text ?? (calls.length === 0 ? 'done' : undefined);
  const blocks = [
    ...(words === undefined
      ? []
      : [{ start: { type: 'text', text: '' }, delta: { type: 'text_delta', text: words } }]),
    ...calls.map(({ name, input }, n) => ({
      start: { type: 'tool_use', id: `toolu_${id}_${n}`, name, input: {} },
      delta: { type: 'input_json_delta', partial_json: JSON.stringify(input) },
    })),
  ];
  const counts = { input_tokens: usage.input, cache_creation_input_tokens: 0, cache_read_input_tokens: 0 };
  const message = { id: `msg_${id}`, type: 'message', role: 'assistant', model: body.model, content: [] };
  const rest = { stop_reason: null, stop_sequence: null, usage: { ...counts, output_tokens: 1 } };
  return [
    { type: 'message_start', message: { ...message, ...rest } },
    ...blocks.flatMap(({ start, delta }, index) => [
      { type: 'content_block_start', index, content_block: start },
      { type: 'content_block_delta', index, delta },
      { type: 'content_block_stop', index },
    ]),
    {
      type: 'message_delta',
      delta: { stop_reason: calls.length === 0 ? 'end_turn' : 'tool_use', stop_sequence: null },
      usage: { ...counts, output_tokens: usage.output },
    },
    { type: 'message_stop' },
  ];
}
