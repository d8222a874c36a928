import type { IncomingMessage, ServerResponse } from 'node:http';
import { AndonError } from '../../lib/errors.ts';
import { limits } from '../../lib/limits.ts';
import { type Call, callOf } from '../admission/admission.ts';
import type { CallContext } from '../admission/procedure.ts';
import { createPageEndpoint } from '../page/endpoint.ts';
import { answerFile, readPageFiles } from '../page/files.ts';
import { pageHeaders } from '../page/headers.ts';
import { isOfPage, PageSessions } from '../page/sessions.ts';
import type { Prover } from '../proof/proof.ts';
import type { Gateway } from '../services.ts';
import { readBody } from './body.ts';

/** A call of a page: its context, and the body that was read to verify its signature. */
export interface PageCall {
  readonly context: CallContext;
  readonly body: string | undefined;
}

/** The page over HTTP: its files, its sessions, and its calls. */
export interface PageHttp {
  /** Answers a file or the document of the page; false for another path, or where the page was not built. */
  answerFile(req: IncomingMessage, res: ServerResponse, path: string): Promise<boolean>;
  /** Answers `/session` and what lies below it. Rejects with AndonError. */
  answerSession(req: IncomingMessage, res: ServerResponse, path: string, search: string): Promise<void>;
  /** The call of a page, or undefined for the call of a bearer of a token. */
  callOf(req: IncomingMessage): Promise<PageCall | undefined>;
}

/** The parts of the gateway that serve the page. */
export interface PageHttpOptions {
  readonly gateway: Gateway;
  readonly identity: Prover;
  readonly knownAs: readonly string[];
  readonly pageFolder: string;
  readonly isTls: boolean;
}

/** Makes the HTTP side of the page. Its files are read at the first request for one. */
export function createPageHttp({ gateway, identity, knownAs, pageFolder, isTls }: PageHttpOptions): PageHttp {
  const sessions = new PageSessions(gateway, knownAs);
  const endpoint = createPageEndpoint({ gateway, sessions, prover: identity, isTls });
  let files: ReturnType<typeof readPageFiles> | undefined;
  return {
    answerFile: async (req, res, path) => {
      files ??= readPageFiles(pageFolder);
      return answerFile(await files, req, res, path);
    },
    answerSession: async (req, res, path, search) => {
      const body = req.method === 'POST' ? await bodyOf(req) : '';
      const answer = await endpoint(req, path, search, body);
      const text = JSON.stringify(answer.body);
      res.writeHead(200, {
        ...pageHeaders,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
        'cache-control': 'no-store',
        ...(answer.cookie === undefined ? {} : { 'set-cookie': answer.cookie }),
      });
      res.end(text);
    },
    callOf: async (req) => {
      if (!isOfPage(req)) return undefined;
      const body = req.method === 'POST' ? await bodyOf(req) : undefined;
      return { body, context: contextOf(gateway, sessions, req, body ?? '') };
    },
  };
}

/** The body, or the refusal of a body that is too large. */
const bodyOf = (req: IncomingMessage): Promise<string> =>
  readBody(req, limits.bodyBytesMax).catch((error: Error) => {
    throw error.cause instanceof AndonError ? error.cause : error;
  });

function contextOf(
  gateway: Gateway,
  sessions: PageSessions,
  req: IncomingMessage,
  body: string,
): CallContext {
  let call: Promise<Call> | undefined;
  const identified = async (): Promise<Call> => {
    const { row, holder } = await sessions.identify(req, body);
    const named = req.headers['x-request-id'];
    const isOwn = typeof named === 'string' && named.startsWith(`page:${row.id}:`) && named.length <= 128;
    return callOf(holder, isOwn ? { requestId: named } : {});
  };
  return {
    call: () => {
      call ??= identified().catch((error: unknown) => {
        if (error instanceof AndonError) gateway.metrics.refusedToken(error.code);
        throw error;
      });
      return call;
    },
  };
}
