import { useSyncExternalStore } from 'react';
import { lifeSigns } from '../../src/gateway/page/life-signs.ts';
import type { WallFacts } from '../../src/gateway/page/shapes.ts';
import { ask, onEnded } from '../api/client.ts';
import { gatewayNow, session } from '../api/session.ts';
import { applyAll, type LiveEvent } from './apply.ts';
import { type Connection, type FeedMessage, follow } from './lead.ts';

/** A moment by both clocks of the browser: people and sleep move one of them, the other stands still in sleep. */
interface Moment {
  readonly wallMs: number;
  readonly steadyMs: number;
}

const momentNow = (): Moment => ({ wallMs: Date.now(), steadyMs: performance.now() });

/** Milliseconds since a moment: the longer ones of both clocks, so that nothing old looks young. */
export const agoMs = ({ wallMs, steadyMs }: Moment): number =>
  Math.max(0, Date.now() - wallMs, performance.now() - steadyMs);

/** State of the page: facts, the newest events, and how fresh both are. */
export interface LiveState {
  readonly facts: WallFacts | undefined;
  /** The newest events, newest first, without signs of life. */
  readonly newest: readonly LiveEvent[];
  readonly connection: Connection;
  /** Why the connection is cut, in words. */
  readonly why: string;
  /** The last proof of life. */
  readonly alive: Moment;
  /** Gateway's time at which the facts were true last. */
  readonly asOf: number;
  /** Why the session has ended. */
  readonly ended: string | undefined;
}

const newestMax = 60;
const askMs = 2_000;
const waitingMax = 500;

let state: LiveState = {
  facts: undefined,
  newest: [],
  connection: 'starting',
  why: '',
  alive: { wallMs: 0, steadyMs: 0 },
  asOf: 0,
  ended: undefined,
};
const listeners = new Set<() => void>();
const eventListeners = new Set<(events: readonly LiveEvent[]) => void>();
let waiting: LiveEvent[] = [];
let isFlushing = false;
let askedAtMs = 0;
let asking: ReturnType<typeof setTimeout> | undefined;

function set(change: Partial<LiveState>): void {
  state = { ...state, ...change };
  for (const listener of listeners) listener();
}

const wallHearers = new Set<(askedAtMs: number) => void>();

/** Calls back when the wall was answered, with the steady time at which it was asked for. */
export const onWall = (heard: (askedAtMs: number) => void): void => void wallHearers.add(heard);

const hearers = new Set<(events: readonly LiveEvent[]) => void>();

/** Calls back with every event of the stream, also with those that the facts hold already. */
export const onHeard = (heard: (events: readonly LiveEvent[]) => void): void => void hearers.add(heard);

/** Calls back with every flush of events that are news to the facts, in order. */
export function onEvents(heard: (events: readonly LiveEvent[]) => void): () => void {
  eventListeners.add(heard);
  return () => eventListeners.delete(heard);
}

const noise: ReadonlySet<string> = new Set(lifeSigns);

/** The facts with the events folded in, and those of the events that were new. */
function folded(events: readonly LiveEvent[]): { fresh: readonly LiveEvent[]; ask: boolean } {
  const { facts } = state;
  if (facts === undefined) return { fresh: [], ask: false };
  const fresh = events.filter(({ position }) => position > facts.position);
  const applied = applyAll(facts, fresh);
  const shown = fresh.filter(({ type }) => !noise.has(type)).reverse();
  const newest = [...shown, ...state.newest].slice(0, newestMax);
  set({ facts: applied.facts, newest, asOf: gatewayNow() });
  return { fresh, ask: applied.ask };
}

function flush(): void {
  isFlushing = false;
  const events = waiting;
  waiting = [];
  if (events.length === 0) return;
  for (const told of hearers) told(events);
  const { fresh, ask: isAsked } = folded(events);
  if (isAsked || events.length > waitingMax) askSoon();
  for (const told of eventListeners) told(fresh);
}

/** One flush a frame; in a hidden tab, which has no frames, five a second. */
function flushSoon(): void {
  if (isFlushing) return;
  isFlushing = true;
  if (document.visibilityState === 'visible') requestAnimationFrame(flush);
  else setTimeout(flush, 200);
}

/** Asks for the wall again, at most once in two seconds. */
function askSoon(): void {
  if (asking !== undefined) return;
  const again = (): void => {
    asking = undefined;
    void refresh();
  };
  asking = setTimeout(again, Math.max(0, askedAtMs + askMs - Date.now()));
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Asks for the wall now. */
export async function refresh(): Promise<void> {
  askedAtMs = Date.now();
  const project = session()?.project;
  if (project === undefined) return;
  const steadyMs = performance.now();
  try {
    takeFacts((await ask('page.wall', { project })) as WallFacts);
    for (const told of wallHearers) told(steadyMs);
  } catch (error) {
    if (state.ended === undefined) set({ why: wordsOf(error) });
  }
}

/** Takes an answer, unless it is from before the events that were folded in meanwhile. */
function takeFacts(facts: WallFacts): void {
  if (state.facts !== undefined && facts.position < state.facts.position) askSoon();
  else set({ facts, asOf: gatewayNow(), alive: momentNow() });
}

function heard(message: FeedMessage): void {
  if (message.kind === 'events') {
    waiting.push(...message.events);
    flushSoon();
    return;
  }
  if (message.kind === 'alive') {
    set({ alive: momentNow(), asOf: gatewayNow() });
    return;
  }
  if (message.state === 'live' && state.connection !== 'live') void refresh();
  set({ connection: message.state, why: message.why });
}

async function position(): Promise<number | undefined> {
  if (state.facts === undefined) await refresh();
  return state.facts?.position;
}

let following: AbortController | undefined;

/** Starts to follow the log of the session; facts come first, the stream goes on behind them. */
export async function startLive(): Promise<void> {
  const project = session()?.project;
  if (project === undefined) return;
  following?.abort();
  following = new AbortController();
  await refresh();
  if (state.facts !== undefined) set({ connection: 'live', why: '' });
  follow({ project, position, heard }, following.signal);
}

/** Begins anew after the end of a session, in the same document. */
export function begin(): void {
  set({ ended: undefined, connection: 'starting', why: '' });
}

/** Forgets every fact: the session is over, and nothing stale is left on screen. */
export function blank(why: string): void {
  following?.abort();
  waiting = [];
  set({ facts: undefined, newest: [], ended: why, connection: 'cut' });
}

onEnded((error) => {
  const [first] = error.reasons;
  blank(first === undefined ? error.message : `${first.rule} (${first.found ?? first.code})`);
});

const subscribe = (listener: () => void): (() => void) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

/** A part of the live state; the component is drawn again when that part is another one. */
export const useLive = <T>(part: (now: LiveState) => T): T =>
  useSyncExternalStore(subscribe, () => part(state));
