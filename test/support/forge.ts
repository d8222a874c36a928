import { createHash } from 'node:crypto';
import { deflateSync } from 'node:zlib';
import { must } from './git-server.ts';

export interface ForgedEntry {
  readonly mode: string;
  /** Written byte by byte. */
  readonly name: string | Buffer;
  readonly oid: string;
}

/** Writes a tree object that git itself would never write. */
export async function forgeTree(folder: string, entries: readonly ForgedEntry[]): Promise<string> {
  const bytes = Buffer.concat(
    entries.flatMap(({ mode, name, oid }) => [
      Buffer.from(`${mode} `),
      Buffer.from(name),
      Buffer.from([0]),
      Buffer.from(oid, 'hex'),
    ]),
  );
  return forgeObject(folder, 'tree', bytes);
}

export async function forgeObject(folder: string, type: string, bytes: Buffer): Promise<string> {
  return must(folder, ['hash-object', '-t', type, '-w', '--literally', '--stdin'], bytes);
}

export const forgeBlob = (folder: string, text: string): Promise<string> =>
  forgeObject(folder, 'blob', Buffer.from(text));

/** The entries of a tree of the repository, to be forged with more or fewer. */
export async function entriesOf(folder: string, tree: string): Promise<ForgedEntry[]> {
  const rows = (await must(folder, ['ls-tree', '-z', tree])).split('\0').filter((row) => row !== '');
  return rows.map((row) => {
    const [mode = '', , oid = ''] = row.slice(0, row.indexOf('\t')).split(' ');
    return { mode: mode.replace(/^0/, ''), name: row.slice(row.indexOf('\t') + 1), oid };
  });
}

export const commitTree = (folder: string, tree: string, ...parents: string[]): Promise<string> =>
  must(folder, ['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent]), '-m', 'forged']);

/** A commit on `parent` whose `src/cart` holds the given entries besides its own, in the order given. */
export async function forgeInCart(
  folder: string,
  parent: string,
  extra: readonly ForgedEntry[],
  sorted = true,
): Promise<string> {
  const cart = await entriesOf(folder, `${parent}:src/cart`);
  const tree = await forgeTree(folder, order([...cart, ...extra], sorted));
  const src = await withEntry(folder, `${parent}:src`, { mode: '40000', name: 'cart', oid: tree });
  const root = await withEntry(folder, parent, { mode: '40000', name: 'src', oid: src });
  return commitTree(folder, root, parent);
}

/** A tree of the repository with one entry replaced or added. */
export async function withEntry(folder: string, tree: string, entry: ForgedEntry): Promise<string> {
  const others = (await entriesOf(folder, tree)).filter(({ name }) => String(name) !== String(entry.name));
  return forgeTree(folder, order([...others, entry], true));
}

function order(entries: ForgedEntry[], sorted: boolean): ForgedEntry[] {
  const rank = ({ mode, name }: ForgedEntry): Buffer =>
    Buffer.concat([Buffer.from(name), Buffer.from(/^0?4/.test(mode) ? '/' : '\0')]);
  return sorted ? [...entries].sort((a, b) => Buffer.compare(rank(a), rank(b))) : entries;
}

export interface Packed {
  readonly type: 1 | 2 | 3 | 7;
  /** Size as the header claims it. */
  readonly bytes: number;
  /** For a delta (type 7): the object that it builds on. */
  readonly base?: string;
  /** Compressed already. */
  readonly data: Buffer;
}

/** A pack of the given objects (gitformat-pack), with a right checksum. */
export function forgePack(objects: readonly Packed[]): Buffer {
  const head = Buffer.alloc(12);
  head.write('PACK');
  head.writeUInt32BE(2, 4);
  head.writeUInt32BE(objects.length, 8);
  const parts = objects.flatMap(({ type, bytes, base, data }) => [
    objectHead(type, bytes),
    Buffer.from(base ?? '', 'hex'),
    data,
  ]);
  const body = Buffer.concat([head, ...parts]);
  return Buffer.concat([body, createHash('sha1').update(body).digest()]);
}

function objectHead(type: number, bytes: number): Buffer {
  const out: number[] = [];
  let byte = (type << 4) | (bytes & 15);
  for (let left = Math.floor(bytes / 16); left > 0; left = Math.floor(left / 128)) {
    out.push(byte | 0x80);
    byte = left & 0x7f;
  }
  return Buffer.from([...out, byte]);
}

/** A delta that repeats the first 64 kB of its base until it is `bytes` long (a multiple of 64 kB). */
export function forgeDelta(baseBytes: number, bytes: number): Packed {
  const copy = Buffer.from([0x80]);
  const delta = Buffer.concat([size(baseBytes), size(bytes), ...Array<Buffer>(bytes / 65536).fill(copy)]);
  return { type: 7, bytes: delta.length, data: deflateSync(delta) };
}

function size(value: number): Buffer {
  const out: number[] = [];
  let left = value;
  for (; left >= 128; left = Math.floor(left / 128)) out.push((left % 128) | 0x80);
  return Buffer.from([...out, left]);
}

/** Sends a push as raw bytes, past every check of the client; answers the text of git's report. */
export async function pushRaw(
  url: string,
  ref: string,
  newOid: string,
  pack: Buffer,
  oldOid = '0'.repeat(40),
): Promise<{ status: number; text: string }> {
  const { username, password, origin, pathname } = new URL(url);
  const line = `${oldOid} ${newOid} ${ref}\0report-status side-band-64k agent=test`;
  const body = Buffer.concat([
    Buffer.from(`${(line.length + 4).toString(16).padStart(4, '0')}${line}0000`),
    pack,
  ]);
  const answer = await fetch(`${origin}${pathname}/git-receive-pack`, {
    method: 'POST',
    headers: {
      authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
      'content-type': 'application/x-git-receive-pack-request',
    },
    body: new Uint8Array(body),
  });
  return { status: answer.status, text: await answer.text() };
}
