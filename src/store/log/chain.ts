import { createHash } from 'node:crypto';
import type { LoggedEvent } from './logged-event.ts';

/** The part of a row of the log that no type of event changes. `at` is a Date in the database, ISO 8601 outside. */
export interface LogHead<At> {
  readonly id: string;
  readonly project: string;
  readonly actor: string;
  readonly gid: string | null;
  readonly action: string | null;
  readonly allowed: boolean;
  readonly requestId: string | null;
  readonly at: At;
}

/** The place of an event in the chain. */
export interface ChainLink {
  readonly position: number;
  readonly hash: string;
}

/** One event as readers of the log get it, with its place in the chain. Times in ISO 8601, milliseconds. */
export type ChainedEvent = LoggedEvent & LogHead<string> & ChainLink;

/** The hash before the first event. */
export const genesisHash = '0'.repeat(64);

/**
 * The hash of an event: SHA-256 over the previous hash and the canonical JSON of the whole event (members
 * sorted, as in RFC 8785; numbers and strings as JSON.stringify writes them).
 */
export function chainHash(previous: string, event: object): string {
  return createHash('sha256').update(previous).update('\n').update(canonicalJson(event)).digest('hex');
}

/** JSON with sorted members and no white space, so that equal values have equal text. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).filter(([, held]) => held !== undefined);
  members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, held]) => `${JSON.stringify(name)}:${canonicalJson(held)}`).join(',')}}`;
}

/** The first broken link: its position, the hash found there, and the hash that the chain asks for. */
export type ChainFault = { readonly position: number; readonly found: string; readonly expected: string };

/**
 * Verifies a stretch of events that starts after `position` with hash `previous`; answers the first fault, or
 * undefined. Knows no type of event, so that the log of any version can be verified.
 */
export function verifyChain(
  events: readonly ChainLink[],
  start: ChainLink,
): { fault?: ChainFault; end: ChainLink } {
  let { position, hash } = start;
  for (const event of events) {
    if (event.position !== position + 1) {
      return {
        fault: {
          position: position + 1,
          found: `position ${event.position}`,
          expected: `position ${position + 1}`,
        },
        end: { position, hash },
      };
    }
    const { hash: found, ...said } = event;
    const expected = chainHash(hash, said);
    if (found !== expected)
      return { fault: { position: event.position, found, expected }, end: { position, hash } };
    position = event.position;
    hash = found;
  }
  return { end: { position, hash } };
}
