import { createHash, randomBytes } from 'node:crypto';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const length = 26;
const typedLength = 12;

/** A code for one session of a browser. The gateway is told its hashes alone. */
export interface OpenCode {
  readonly code: string;
  /** Its first characters in groups, to be typed. */
  readonly typed: string;
  readonly hashes: { readonly hash: string; readonly typed: string };
}

const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url');

/** Makes a code of 130 bits. */
export function makeCode(): OpenCode {
  const code = [...randomBytes(length)].map((byte) => alphabet[byte % alphabet.length]).join('');
  const short = code.slice(0, typedLength);
  return {
    code,
    typed: short.replace(/(.{4})(?=.)/g, '$1-'),
    hashes: { hash: hashOf(code), typed: hashOf(short) },
  };
}
