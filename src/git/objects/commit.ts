import { fail } from '../../lib/errors.ts';
import type { Oid } from '../../policies/facts.ts';
import { isOid } from './oid.ts';

/** A commit object, parsed. */
export interface Commit {
  readonly tree: Oid;
  readonly parents: readonly Oid[];
  /** The header `encoding`, when the commit has one. */
  readonly encoding?: string;
  /** The message, one character per byte (Latin-1), in any encoding. */
  readonly message: string;
}

/** Reads a commit object (gitformat: header lines, an empty line, the message). */
export function parseCommit(oid: Oid, bytes: Buffer): Commit {
  const text = bytes.toString('latin1');
  const blank = text.indexOf('\n\n');
  const headers = (blank < 0 ? text : text.slice(0, blank)).split('\n');
  const values = (name: string): string[] =>
    headers.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1));
  const [tree] = values('tree');
  const parents = values('parent');
  if (tree === undefined || ![tree, ...parents].every(isOid)) {
    throw fail('push.object', oid, { found: 'a commit without a readable header' });
  }
  const [encoding] = values('encoding');
  return {
    tree,
    parents,
    ...(encoding !== undefined && { encoding }),
    message: blank < 0 ? '' : text.slice(blank + 2),
  };
}

/**
 * The first line of a message that git would read as one of the gateway's own trailers (`Andon-…`), at any
 * place: in any case, and with any white space that git takes before the colon.
 */
export const gatewayTrailer = (message: string): string | undefined =>
  /^[^\S\n]*andon-[a-z0-9-]*[^\S\n]*:.*$/im.exec(message)?.[0].trim().slice(0, 80);

// Every one of these encodings writes ASCII as ASCII, so that a search in bytes finds the text that a reader
// will see.
const asciiSupersets =
  /^(?:utf-?8|us-ascii|iso-?8859-?\d{1,2}|latin-?\d|windows-125\d|cp125\d|koi8-?[ru]|euc-?(?:jp|kr|cn)|gb(?:k|2312|18030)|big5)$/i;

/**
 * The `encoding` itself when it could hide text from a search in bytes (UTF-7, UTF-16, EBCDIC, …); else
 * undefined.
 */
export const opaqueEncoding = (encoding: string | undefined): string | undefined =>
  encoding === undefined || asciiSupersets.test(encoding) ? undefined : encoding.slice(0, 40);
