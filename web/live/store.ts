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
  /** True once the facts were asked for: what is asked later is as young as the stream, which then touches it. */
  readonly isReady: boolean;
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
  isReady: false,
};
const listeners = new Set<() => void>();
let waiting: LiveEvent[] = [];
/** Position of the last event that was heard; before the first one that of the facts. The facts themselves run ahead of it. */
let heardTo: number | undefined;
let isFlushing = false;
/** Steady time of the last question: a clock that somebody sets back must not put the next one off. */
let askedAtMs = Number.NEGATIVE_INFINITY;
let asking: ReturnType<typeof setTimeout> | undefined;

function set(change: Partial<LiveState>): void {
  state = { ...state, ...change };
  for (const listener of listeners) listener();
}

const wallHearers = new Set<(askedAtMs: number) => void>();

/** Calls back when the wall was answered, with the steady time at which it was asked for. */
export const onWall = (heard: (askedAtMs: number) => void): void => void wallHearers.add(heard);

const againHearers = new Set<() => void>();

/** Calls back when the stream is there again after a break: what was asked for in between may have failed, or be old. */
export const onAgain = (told: () => void): void => void againHearers.add(told);

const hearers = new Set<(events: readonly LiveEvent[]) => void>();

/** Calls back with every event of the stream, also with those that the facts hold already. */
export const onHeard = (heard: (events: readonly LiveEvent[]) => void): void => void hearers.add(heard);

const noise: ReadonlySet<string> = new Set(lifeSigns);

/** Folds events into the facts; answers if the facts have to be asked for. */
function fold(facts: WallFacts, events: readonly LiveEvent[]): boolean {
  const fresh = events.filter(({ position }) => position > facts.position);
  const applied = applyAll(facts, fresh);
  const shown = fresh.filter(({ type }) => !noise.has(type)).reverse();
  const newest = [...shown, ...state.newest].slice(0, newestMax);
  set({ facts: applied.facts, newest, asOf: gatewayNow() });
  return applied.ask;
}

function flush(): void {
  isFlushing = false;
  const { facts, isReady } = state;
  // Events of another tab may come before this one has asked for its facts.
  if (facts === undefined && !isReady) return;
  const events = waiting;
  waiting = [];
  const last = events.at(-1);
  if (last === undefined) return;
  heardTo = last.position;
  for (const told of hearers) told(events);
  const isAsked = facts !== undefined && fold(facts, events);
  if (isAsked || events.length > waitingMax) askSoon();
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
  asking = setTimeout(again, Math.max(0, askedAtMs + askMs - performance.now()));
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Asks for the wall now. */
export async function refresh(): Promise<void> {
  const steadyMs = performance.now();
  askedAtMs = steadyMs;
  const project = session()?.project;
  if (project === undefined) return;
  try {
    takeFacts((await ask('page.wall', { project })) as WallFacts);
    for (const told of wallHearers) told(steadyMs);
  } catch (error) {
    if (state.ended === undefined) set({ why: wordsOf(error) });
  }
}

/** Takes an answer, unless it is from before the events that were folded in meanwhile. */
function takeFacts(facts: WallFacts): void {
  heardTo ??= facts.position;
  if (state.facts !== undefined && facts.position < state.facts.position) askSoon();
  else set({ facts, asOf: gatewayNow(), alive: momentNow() });
  if (waiting.length > 0) flushSoon();
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
  if (message.state === 'live' && state.connection !== 'live') {
    void refresh();
    for (const told of againHearers) told();
  }
  set({ connection: message.state, why: message.why });
}

let following: AbortController | undefined;

/**
 * Starts to follow the log of the session; facts come first, the stream goes on behind them. The other tabs are heard
 * from the beginning, so that nothing is told between the facts and the first ear for it.
 */
export async function startLive(): Promise<void> {
  const project = session()?.project;
  if (project === undefined) return;
  following?.abort();
  following = new AbortController();
  const first = refresh();
  const position = async (): Promise<number | undefined> => {
    await first;
    if (state.facts === undefined) await refresh();
    return heardTo;
  };
  follow({ project, position, heard }, following.signal);
  await first;
  set({ isReady: true, ...(state.facts !== undefined && { connection: 'live', why: '' }) });
  if (waiting.length > 0) flushSoon();
}

/** Begins anew after the end of a session, in the same document. */
export function begin(): void {
  set({ ended: undefined, connection: 'starting', why: '' });
}

/** Forgets every fact: the session is over, and nothing stale is left on screen. */
export function blank(why: string): void {
  following?.abort();
  waiting = [];
  heardTo = undefined;
  set({ facts: undefined, newest: [], ended: why, connection: 'cut', isReady: false });
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
