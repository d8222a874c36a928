import type { Oid } from '../../policies/facts.ts';

const oidPattern = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** True for the full hex name of an object; false for any text that git would have to resolve. */
export const isOid = (text: string): text is Oid => oidPattern.test(text);

/** True for the all-zero name, with which git spells "there is none". */
export const isZeroOid = (oid: Oid): boolean => /^0+$/.test(oid);
