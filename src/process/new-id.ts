import { randomFillSync } from 'node:crypto';
import { type IdKind, makeId } from '../lib/ids.ts';

const idBytes = 16;
// Randomness comes by the page: asking for it costs more than the bytes.
const page = new Uint8Array(256 * idBytes);
let used = page.length;

function freshBytes(): Uint8Array {
  if (used === page.length) {
    randomFillSync(page);
    used = 0;
  }
  used += idBytes;
  return page.subarray(used - idBytes, used);
}

/** A new id. The time in it only sorts; no decision reads it. */
export const newId = (kind: IdKind): string => makeId(kind, Date.now(), freshBytes());
