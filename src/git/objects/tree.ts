import { fail } from '../../lib/errors.ts';
import type { Oid } from '../../policies/facts.ts';

/** One entry of a tree object, as written. */
export interface TreeEntry {
  /** Octal digits exactly as written: a zero in front of them is not dropped. */
  readonly mode: string;
  /** The name, one character per byte (Latin-1): equal keys are equal bytes. */
  readonly key: string;
  readonly oid: Oid;
}

/**
 * Reads a tree object: `<mode> SP <name> NUL <binary oid>` again and again. Keeps bytes, modes and the order
 * of entries unchanged, so that the policy on trees can judge them.
 */
export function parseTree(oid: Oid, bytes: Buffer): TreeEntry[] {
  const oidBytes = oid.length / 2;
  const entries: TreeEntry[] = [];
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(0x20, at);
    const nul = space < 0 ? -1 : bytes.indexOf(0, space);
    const end = nul + 1 + oidBytes;
    if (nul < 0 || end > bytes.length)
      throw fail('push.object', oid, { found: 'a tree that ends in mid-entry' });
    const mode = bytes.toString('latin1', at, space);
    if (!/^[0-7]{1,7}$/.test(mode))
      throw fail('push.object', oid, { found: 'a tree entry without an octal mode' });
    entries.push({
      mode,
      key: bytes.toString('latin1', space + 1, nul),
      oid: bytes.toString('hex', nul + 1, end),
    });
    at = end;
  }
  return entries;
}

/** True when a mode means "directory", as git reads it (S_ISDIR), in any spelling. */
export const isTreeMode = (mode: string): boolean => (Number.parseInt(mode, 8) & 0o170000) === 0o040000;

const lossy = new TextDecoder('utf-8', { ignoreBOM: true });

/** A key as text. Bytes that are not UTF-8 become U+FFFD, which `pathFault` refuses. */
export function decodeKey(key: string): string {
  for (let i = 0; i < key.length; i++) {
    if (key.charCodeAt(i) > 0x7f) return lossy.decode(Buffer.from(key, 'latin1'));
  }
  return key;
}
