import { createHash } from 'node:crypto';

/** One event as the log hands it out: placed in the chain. Times in ISO 8601, milliseconds. */
export interface ChainedEvent {
  readonly position: number;
  readonly id: string;
  readonly project: string;
  readonly type: string;
  readonly actor: string;
  readonly gid: string | null;
  readonly action: string | null;
  readonly allowed: boolean;
  readonly subject: string;
  readonly requestId: string | null;
  readonly at: string;
  readonly data: Record<string, unknown>;
  readonly hash: string;
}

export const genesisHash = '0'.repeat(64);

/**
 * The hash of an event: SHA-256 over the previous hash and the canonical JSON of everything the event says
 * (members sorted, as in RFC 8785; numbers and strings as JSON.stringify writes them).
 */
export function chainHash(previous: string, event: Omit<ChainedEvent, 'hash'>): string {
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

export type ChainFault = { readonly position: number; readonly found: string; readonly expected: string };

/** Verifies a run of events that starts after `position` with hash `previous`; the first fault, or undefined. */
export function verifyChain(
  events: readonly ChainedEvent[],
  start: { position: number; hash: string },
): { fault?: ChainFault; end: { position: number; hash: string } } {
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
