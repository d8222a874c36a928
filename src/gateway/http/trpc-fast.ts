import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type AnyRouter, getErrorShape, getTRPCErrorFromUnknown, TRPCError } from '@trpc/server';
import { getHTTPStatusCodeFromError } from '@trpc/server/http';
import { AndonError } from '../../lib/errors.ts';
import { limits } from '../../lib/limits.ts';
import type { Call } from '../admission/admission.ts';
import { trpcCode } from '../admission/errors.ts';
import { type CallContext, type DirectProcedure, directProcedures } from '../admission/procedure.ts';
import { readBody } from './body.ts';
import { parseJson } from './json.ts';

/** One call to answer without tRPC's adapter. */
export interface FastCall {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  /** Path of the procedure: `task.claim`. */
  readonly path: string;
  /** The query string without its question mark. */
  readonly search: string;
  readonly context: CallContext;
  /** The body, where it was read before. */
  readonly body?: string | undefined;
}

/** The thin handler of one router. */
export interface SingleHandler {
  /**
   * True for calls that the handler takes: one known procedure, by its own method, plain JSON, no stream.
   * tRPC's adapter takes the rest.
   */
  takes(req: IncomingMessage, path: string, search: string): boolean;
  answer(call: FastCall): Promise<void>;
}

const methods = { query: 'GET', mutation: 'POST' } as const;

/**
 * Answers single calls as tRPC's own adapter would, without its machinery: the same schema, the same `admit`, the same
 * error formatter. A differential test holds both to the same answers.
 */
export function createSingleHandler(router: AnyRouter): SingleHandler {
  const known = directProcedures(router);
  return {
    takes: (req, path, search) => {
      const procedure = known.get(path);
      return procedure !== undefined && req.method === methods[procedure.type] && isPlain(req, search);
    },
    answer: async (call) => {
      const procedure = known.get(call.path);
      if (procedure === undefined) throw new Error(`${call.path} was not taken`);
      await answerDirect(router, procedure, call);
    },
  };
}

function isPlain({ method, headers }: IncomingMessage, search: string): boolean {
  if (headers['trpc-accept'] !== undefined || /(?:^|&)batch=/.test(search)) return false;
  return method === 'GET'
    ? headers.accept?.includes('text/event-stream') !== true
    : headers['content-type']?.startsWith('application/json') === true;
}

async function answerDirect(router: AnyRouter, procedure: DirectProcedure, call: FastCall): Promise<void> {
  const { req, res, path, search, context } = call;
  const { type } = procedure;
  let input: unknown;
  try {
    input =
      type === 'query'
        ? queryInput(search)
        : parseJson(call.body ?? (await readBody(req, limits.bodyBytesMax)));
    const data = await runDirect(procedure, context, input);
    await send(req, res, 200, { result: { data } });
  } catch (cause) {
    const error = asTrpcError(cause);
    const config = router._def._config;
    const shape: unknown = getErrorShape({ config, error, type, path, input, ctx: context });
    await send(req, res, getHTTPStatusCodeFromError(error), { error: shape });
  }
}

async function runDirect(procedure: DirectProcedure, context: CallContext, input: unknown): Promise<unknown> {
  const parsed = procedure.input.safeParse(input);
  if (!parsed.success)
    throw new TRPCError({ code: 'BAD_REQUEST', message: parsed.error.message, cause: parsed.error });
  return procedure.run(await callOf(context), parsed.data);
}

async function callOf(context: CallContext): Promise<Call> {
  try {
    return await context.call();
  } catch (error) {
    if (error instanceof AndonError)
      throw new TRPCError({ code: trpcCode(error), message: error.message, cause: error });
    throw error;
  }
}

const asTrpcError = (cause: unknown): TRPCError =>
  cause instanceof TRPCError ? cause : getTRPCErrorFromUnknown(cause);

function queryInput(search: string): unknown {
  const text =
    search.startsWith('input=') && !search.includes('&')
      ? decode(search.slice(6))
      : new URLSearchParams(search).get('input');
  return text === null || text === '' ? undefined : parseJson(text);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

const gzipped = promisify(gzip);
/** Bytes above which an answer is compressed for clients that take it. */
const compressedFrom = 8 * 1024;

/** Sends an answer; a large one compressed, where the client takes that. */
async function send(req: IncomingMessage, res: ServerResponse, status: number, body: unknown): Promise<void> {
  const text = JSON.stringify(body);
  const isLarge = text.length > compressedFrom && takesGzip(req);
  const head = { 'content-type': 'application/json', vary: 'trpc-accept, accept, accept-encoding' };
  if (!isLarge) {
    if (res.destroyed) return;
    res.writeHead(status, { ...head, 'content-length': Buffer.byteLength(text) });
    // A string goes out in one write with its head; a buffer takes two.
    res.end(text);
    return;
  }
  const bytes = await gzipped(text, { level: 4 });
  if (res.destroyed) return;
  res.writeHead(status, { ...head, 'content-encoding': 'gzip', 'content-length': bytes.length });
  res.end(bytes);
}

const takesGzip = ({ headers }: IncomingMessage): boolean =>
  /\bgzip\b/.test(String(headers['accept-encoding'] ?? ''));
