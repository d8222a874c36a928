import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server';
import type { AppRouter } from '../../src/gateway/router.ts';
import type { Reason } from '../../src/lib/decision.ts';
import { proved, signatureOf, unproved } from './session.ts';

type Inputs = inferRouterInputs<AppRouter>;
type Outputs = inferRouterOutputs<AppRouter>;
type Noun = keyof Inputs & keyof Outputs;

/** The path of a procedure, such as `page.wall`. */
export type Path = { [N in Noun]: `${N & string}.${keyof Inputs[N] & string}` }[Noun];
type Of<Map, P extends string> = P extends `${infer N}.${infer V}`
  ? N extends keyof Map
    ? V extends keyof Map[N]
      ? Map[N][V]
      : never
    : never
  : never;
export type InputOf<P extends Path> = Of<Inputs, P>;
export type OutputOf<P extends Path> = Of<Outputs, P>;

/** A refusal of the gateway, with every reason. */
export class Refused extends Error {
  readonly status: number;
  readonly reasons: readonly Reason[];

  constructor(status: number, message: string, reasons: readonly Reason[]) {
    super(message);
    this.name = 'Refused';
    this.status = status;
    this.reasons = reasons;
  }

  get code(): string {
    return this.reasons[0]?.code ?? 'internal';
  }
}

/** Nobody answers at the address of the gateway. */
export class CutOff extends Error {
  constructor(cause: unknown) {
    super('the gateway does not answer', { cause });
    this.name = 'CutOff';
  }
}

/** Codes by which a session has ended, however it ended. */
const endings: ReadonlySet<string> = new Set(['token.revoked', 'token.expired', 'page.session', 'page.idle']);

/** True for a refusal after which the session is over. */
export const isEnding = (error: unknown): error is Refused =>
  error instanceof Refused && error.status === 401 && endings.has(error.code);

const listeners = new Set<(error: Refused) => void>();

/** Calls back when the gateway ends the session. */
export const onEnded = (heard: (error: Refused) => void): void => void listeners.add(heard);

/** Tells all that the session is over. */
export function tellEnded(error: Refused): void {
  for (const heard of listeners) heard(error);
}

interface Sent {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: string;
  readonly requestId?: string;
  readonly accept?: string;
  readonly signal?: AbortSignal;
}

/** The path of a call in the spelling in which the browser sends it. */
function spelled(path: string): string {
  const { pathname, search } = new URL(path, location.origin);
  return `${pathname}${search}`;
}

async function sendProved({
  method,
  body,
  requestId = '',
  accept,
  signal,
  ...sent
}: Sent): Promise<Response> {
  await proved();
  const path = spelled(sent.path);
  const headers: Record<string, string> = {
    'andon-page': await signatureOf({ method, path, body: body ?? '', requestId }),
    ...(requestId === '' ? {} : { 'x-request-id': requestId }),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...(accept === undefined ? {} : { accept }),
  };
  return fetch(path, {
    ...{ method, headers, cache: 'no-store', credentials: 'same-origin' },
    ...(body === undefined ? {} : { body }),
    ...(signal === undefined ? {} : { signal }),
  });
}

/** Sends a signed call, after the listener has proved itself. Errors: CutOff, NotYourGateway. */
export async function send(sent: Sent): Promise<Response> {
  try {
    return await sendProved(sent);
  } catch (error) {
    if (!(error instanceof TypeError) && !(error instanceof DOMException)) throw error;
    unproved();
    throw new CutOff(error);
  }
}

/** The refusal that a response carries. */
export async function refusalIn(response: Response): Promise<Refused> {
  const body = (await response.json().catch(() => ({}))) as {
    error?: { message?: string; data?: { andon?: { reasons?: readonly Reason[] } } };
  };
  const message = body.error?.message ?? `the gateway answered ${response.status}`;
  return new Refused(response.status, message, body.error?.data?.andon?.reasons ?? []);
}

async function answer<T>(sent: Sent): Promise<T> {
  let response = await send(sent);
  if (response.status === 401) {
    // The clock of the browser may have moved since the proof; the nonce of a refused call is used up.
    unproved();
    response = await send(sent);
  }
  if (response.ok) return ((await response.json()) as { result: { data: T } }).result.data;
  const refused = await refusalIn(response);
  if (isEnding(refused)) tellEnded(refused);
  throw refused;
}

/** Asks a query. */
export const ask = <P extends Path>(path: P, input: InputOf<P>): Promise<OutputOf<P>> =>
  answer({ method: 'GET', path: `/trpc/${path}?input=${encodeURIComponent(JSON.stringify(input))}` });

/** Carries out a mutation; the id makes a repetition harmless. */
export const act = <P extends Path>(path: P, input: InputOf<P>, requestId: string): Promise<OutputOf<P>> =>
  answer({ method: 'POST', path: `/trpc/${path}`, body: JSON.stringify(input), requestId });

const ofSession = (verb: 'seen' | 'end'): Promise<Response> =>
  send({ method: 'POST', path: `/session/${verb}`, body: '{}' });

/** Tells the gateway that somebody looks. */
export async function seen(): Promise<void> {
  const response = await ofSession('seen');
  if (response.ok) return;
  const refused = await refusalIn(response);
  if (isEnding(refused)) tellEnded(refused);
}

/** Ends the session at the gateway. Rejects when the gateway did not end it. */
export async function leave(): Promise<void> {
  const response = await ofSession('end');
  if (!response.ok) throw await refusalIn(response);
}
