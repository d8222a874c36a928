const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';

/** Prefixes of every kind of id, so that an id tells what it names. */
const idKinds = {
  audit: 'aud',
  change: 'chg',
  decision: 'dec',
  delivery: 'dlv',
  event: 'evt',
  gate: 'gat',
  grant: 'gnt',
  landing: 'lnd',
  message: 'msg',
  page: 'pag',
  part: 'prt',
  question: 'qst',
  report: 'rpt',
  request: 'req',
  run: 'run',
  solution: 'sol',
  stop: 'stp',
  sync: 'syn',
  token: 'tok',
  trigger: 'trg',
  verdict: 'vrd',
} as const;

/** Kind of thing that an id names. */
export type IdKind = keyof typeof idKinds;

/**
 * An id that sorts by time: prefix, 10 characters of milliseconds, 16 of randomness (Crockford base 32).
 * Clock and randomness are given, so that this stays pure; `random` needs 16 bytes.
 */
export function makeId(kind: IdKind, atMs: number, random: Uint8Array): string {
  let time = '';
  for (let left = atMs, i = 0; i < 10; i++, left = Math.floor(left / 32)) time = alphabet[left % 32] + time;
  let tail = '';
  for (let i = 0; i < 16; i++) tail += alphabet[(random[i] ?? 0) % 32];
  return `${idKinds[kind]}_${time}${tail}`;
}

/** The short form of an id for people: the prefix and the last eight characters, unique enough to be typed back. */
export const shortId = (id: string): string => `${id.slice(0, 4)}${id.slice(-8)}`;
