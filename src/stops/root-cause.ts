import { type Reason, reason } from '../lib/decision.ts';
import { shortId } from '../lib/ids.ts';
import type { Tier } from '../tiers/actions.ts';
import type { Stop } from './stop-scope.ts';

/** Kinds of root causes that the last of the whys may name: each can be changed, and none is a person or an agent. */
export const rootKinds = ['policy', 'schema', 'test', 'tooling'] as const;
/** Kind of a root cause. */
export type RootKind = (typeof rootKinds)[number];

/** One step from the stop towards its root. */
export interface WhyStep {
  readonly why: string;
  /** Evidence for the step: an event, a commit, a log line, a file. */
  readonly evidence: string;
}

/** The root cause of a stop (the five whys of the Toyota production system). */
export interface RootCause {
  readonly whys: readonly WhyStep[];
  readonly kind: RootKind;
  /** The change that keeps it from happening again. */
  readonly prevention: string;
}

export const whysMax = 7;

/** A principal that clears a stop, and its reason. */
export interface Clearing {
  readonly by: string;
  readonly tier: Tier;
  readonly why: string | undefined;
  readonly rootCause: RootCause | undefined;
}

/**
 * Reasons why this clearing does not suffice for the stop; empty when it does. Red: a human with the whole
 * root cause. Yellow: a reason.
 */
export function clearReasons(stop: Pick<Stop, 'id' | 'colour' | 'pulledBy'>, given: Clearing): Reason[] {
  const subject = `stop/${stop.id}`;
  const person = given.tier === 'human';
  if (stop.colour === 'red') {
    const human = person ? [] : [reason('cord.human', subject, { found: given.by, limit: 'human' })];
    return [...human, ...redReasons(subject, given.rootCause)];
  }
  const may = person || given.tier === 'executive' || given.by === stop.pulledBy;
  const owner = may ? [] : [reason('cord.owner', subject, { found: given.by, limit: stop.pulledBy })];
  return [...owner, ...yellowReasons(stop.id, given)];
}

function yellowReasons(id: string, { why, rootCause }: Clearing): Reason[] {
  if (rootCause !== undefined) return rootReasons(rootCause);
  if (says(why)) return [];
  const found = why === undefined ? 'no reason' : `“${why}”`;
  return [
    reason('cord.cause', `stop/${id}`, {
      found,
      limit: `a reason of ${lettersMin} letters or digits`,
      next: `andon cord clear ${shortId(id)} --why … says why work may go on`,
    }),
  ];
}

const redReasons = (subject: string, rootCause: RootCause | undefined): Reason[] =>
  rootCause === undefined
    ? [reason('cord.cause', subject, { found: 'no root cause' })]
    : rootReasons(rootCause);

/** The missing parts of a root cause, one reason for each. */
export function rootReasons({ whys, prevention }: RootCause): Reason[] {
  const short = whys.length < 1 || whys.length > whysMax;
  return [
    ...(short ? [lack('whys', whys.length, `1 to ${whysMax}`)] : []),
    ...whys.flatMap((one, place) => whyReasons(one, whys.slice(0, place), `whys[${place}]`)),
    ...preventionReasons(prevention, whys),
  ];
}

function whyReasons({ why, evidence }: WhyStep, before: readonly WhyStep[], at: string): Reason[] {
  const found: Reason[] = [];
  if (!says(why)) found.push(lack(`${at}.why`, why, 'a sentence'));
  else if (isAmong(why, before)) found.push(lack(`${at}.why`, 'the same as one before', 'a step further'));
  if (!says(evidence)) found.push(lack(`${at}.evidence`, evidence, 'an event, a commit, a log line, a file'));
  return found;
}

function preventionReasons(prevention: string, whys: readonly WhyStep[]): Reason[] {
  if (!says(prevention)) return [lack('prevention', prevention, 'the change that prevents it')];
  return isAmong(prevention, whys)
    ? [lack('prevention', 'the same as a why', 'the change that prevents it')]
    : [];
}

const lack = (member: string, found: string | number, limit: string): Reason =>
  reason('cord.cause', member, { found, limit });

const isAmong = (text: string, whys: readonly WhyStep[]): boolean =>
  whys.some(({ why }) => plain(why) === plain(text));

const plain = (text: string): string => text.trim().replace(/\s+/g, ' ').toLowerCase();

/** Letters and digits, of any script, of the shortest text that says something. */
const lettersMin = 3;

const says = (text: string | undefined): boolean =>
  (text?.match(/[\p{L}\p{N}]/gu) ?? []).length >= lettersMin;
