import type { Turn, View } from './model-server.ts';

interface Item {
  readonly type?: string;
  readonly role?: string;
  readonly content?: unknown;
  readonly call_id?: string;
  readonly output?: unknown;
}

interface Tool {
  readonly type: string;
  readonly name?: string;
  readonly tools?: readonly Tool[];
}

const textOf = (content: unknown): string => {
  if (typeof content === 'string') return content;
  if (!Array.isArray(content)) return content === undefined ? '' : JSON.stringify(content);
  return content.map((one: { text?: string }) => one.text ?? JSON.stringify(one)).join('\n');
};

/** Names of tools; those of a namespace as `namespace.name`. */
const namesOf = (tool: Tool): string[] =>
  tool.tools === undefined
    ? [tool.name ?? tool.type]
    : tool.tools.map(({ name, type }) => `${tool.name ?? ''}.${name ?? type}`);

/** A request of the Responses API. */
export function responsesView(body: Record<string, unknown>): View {
  const items = (Array.isArray(body.input) ? body.input : []) as readonly Item[];
  const since = items.findLastIndex(({ type }) => type === 'function_call' || type === 'custom_tool_call');
  return {
    prompt: items
      .filter(({ role }) => role === 'user')
      .map(({ content }) => textOf(content))
      .join('\n'),
    results: items
      .slice(since + 1)
      .filter(({ type }) => type?.endsWith('_call_output') === true)
      .map(({ output }) => textOf(output)),
    tools: ((body.tools ?? []) as readonly Tool[]).flatMap(namesOf),
    text: JSON.stringify([body.instructions, items]),
    callIds: items.filter(({ type }) => type?.endsWith('_call') === true).map(({ call_id = '' }) => call_id),
  };
}

type Event = { readonly type: string } & Record<string, unknown>;

/** The answer as the stream of events of the Responses API. A call of `namespace.name` names its namespace apart. */
export function responsesEvents(
  { text, calls = [] }: Turn,
  usage: { input: number; output: number },
  id: string,
): Event[] {
  const words = text ?? (calls.length === 0 ? 'done' : undefined);
  const message = {
    type: 'message',
    role: 'assistant',
    id: `msg_${id}`,
    content: [{ type: 'output_text', text: words ?? '' }],
  };
  const items = [
    ...(words === undefined ? [] : [message]),
    ...calls.map(({ name, input }, n) => callItem(name, input, `call_${id}_${n}`)),
  ];
  const counts = {
    input_tokens: usage.input,
    input_tokens_details: { cached_tokens: 0 },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: usage.input + usage.output,
  };
  return [
    { type: 'response.created', response: { id: `resp_${id}` } },
    ...items.map((item, n) => ({ type: 'response.output_item.done', output_index: n, item })),
    { type: 'response.completed', response: { id: `resp_${id}`, usage: counts } },
  ];
}

function callItem(name: string, input: Readonly<Record<string, unknown>>, callId: string) {
  const at = name.lastIndexOf('.');
  const rest = { call_id: callId, arguments: JSON.stringify(input) };
  return at < 0
    ? { type: 'function_call', name, ...rest }
    : { type: 'function_call', namespace: name.slice(0, at), name: name.slice(at + 1), ...rest };
}
