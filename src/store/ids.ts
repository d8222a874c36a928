import { randomBytes } from 'node:crypto';
import { type IdKind, makeId } from '../lib/ids.ts';

/** A new id. The time in it only sorts; no decision reads it. */
export const newId = (kind: IdKind): string => makeId(kind, Date.now(), randomBytes(16));
