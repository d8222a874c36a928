import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { messagesEvents, messagesView } from './model-messages.ts';
import { responsesEvents, responsesView } from './model-responses.ts';

/** A tool call as a script names it. */
export interface ScriptedCall {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** A turn of the model: tool calls, or words, which end its work. */
export interface Turn {
  readonly text?: string;
  readonly calls?: readonly ScriptedCall[];
  readonly usage?: { readonly input: number; readonly output: number };
}

/** The input of the model when its turn comes. */
export interface Shown {
  /** Results of the calls of the last turn. */
  readonly results: readonly string[];
  /** Names of the offered tools. */
  readonly tools: readonly string[];
  /** The whole conversation as text. */
  readonly text: string;
  /** Number of the turn in the script, from 0. */
  readonly turn: number;
}

/** The turns of one conversation. After the last one the model says that it is done; a function answers for ever. */
export type Script = readonly (Turn | ((shown: Shown) => Turn | Promise<Turn>))[] | ((shown: Shown) => Turn);

/** A request for a turn, as the server reads it. */
export interface View {
  /** The first words of the user: prompt and mission. */
  readonly prompt: string;
  readonly results: readonly string[];
  readonly tools: readonly string[];
  readonly text: string;
  /** Ids of the calls in the conversation so far. */
  readonly callIds: readonly string[];
}

/** A request that was answered with a turn. */
export interface Asked extends View {
  readonly script: string;
  readonly turn: number;
  readonly usage: { readonly input: number; readonly output: number };
  readonly headers: IncomingMessage['headers'];
}

/**
 * A model that plays scripts: the Messages API for Claude Code, the Responses API for Codex, both as a stream
 * of events. A conversation plays the script that its first words name as `script:<name>`; the ids of the
 * calls in it tell the turn, so a repeated request is answered alike.
 */
export interface ModelServer {
  /** URL for ANTHROPIC_BASE_URL; Codex takes it with `/v1`. */
  readonly url: string;
  readonly host: string;
  readonly asked: readonly Asked[];
  /** Requests that were answered with a turn of this script. */
  of(script: string): readonly Asked[];
  play(name: string, script: Script): void;
  close(): Promise<void>;
}

export async function startModelServer(): Promise<ModelServer> {
  const scripts = new Map<string, Script>();
  const asked: Asked[] = [];
  const server = createServer((req, res) => {
    answer(req, res, scripts, asked).catch((error: unknown) => {
      res.writeHead(500, { 'content-type': 'text/plain' }).end(String(error));
    });
  });
  const port = await listen(server);
  return {
    url: `http://${address}:${port}`,
    host: `${address}:${port}`,
    asked,
    of: (script) => asked.filter((one) => one.script === script),
    play: (name, script) => void scripts.set(name, script),
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

// An address of loopback that programs do not exempt from their proxy: so it is a host that a profile has to
// name.
const address = '127.0.0.2';

const listen = (server: Server): Promise<number> =>
  new Promise((done) => server.listen(0, address, () => done((server.address() as AddressInfo).port)));

async function answer(
  req: IncomingMessage,
  res: ServerResponse,
  scripts: ReadonlyMap<string, Script>,
  asked: Asked[],
): Promise<void> {
  const path = (req.url ?? '').replace(/\?.*$/, '');
  const body = await bodyOf(req);
  const isMessages = path.endsWith('/messages');
  if (req.method !== 'POST' || !(isMessages || path.endsWith('/responses'))) {
    const known = path.endsWith('/count_tokens') ? { input_tokens: 10 } : { data: [], models: [] };
    res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(known));
    return;
  }
  const view = isMessages ? messagesView(body) : responsesView(body);
  const name = /script:([a-z-]+)/.exec(view.prompt)?.[1] ?? '';
  const turn = 1 + Math.max(-1, ...view.callIds.map(turnOf));
  const said = await turnAt(scripts.get(name), { ...view, turn });
  const usage = said.usage ?? { input: 100 + turn, output: 10 };
  asked.push({ ...view, script: name, turn, usage, headers: req.headers });
  const id = `${name.replaceAll('-', '')}${asked.length}_${turn}`;
  const events = isMessages ? messagesEvents(said, usage, id, body) : responsesEvents(said, usage, id);
  res.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const event of events) res.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`);
  res.end();
}

/** Ids of calls end in `<turn>_<number>`. */
const turnOf = (id: string): number => Number(/_(\d+)_\d+$/.exec(id)?.[1] ?? -1);

async function turnAt(script: Script | undefined, shown: Shown): Promise<Turn> {
  if (typeof script === 'function') return script(shown);
  const one = script?.[shown.turn];
  if (typeof one === 'function') return one(shown);
  return one ?? { text: 'done' };
}

async function bodyOf(req: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of req) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
}
