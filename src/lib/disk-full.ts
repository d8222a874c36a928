import { codeOf, withCauses } from './causes.ts';

/** What Node calls a full disk and a used-up quota, what PostgreSQL (SQLSTATE, class 53), and what Andon. */
const codesOfFull = new Set(['ENOSPC', 'EDQUOT', '53100', 'disk.full']);
const words = /No space left on device|Disk quota exceeded/;

/** Whether a program in the C locale, such as git, speaks of a full disk or a used-up quota. */
export const saysDiskFull = (text: string): boolean => words.test(text);

/** True when something could not be written for want of room. */
export const isDiskFull = (error: unknown): boolean =>
  withCauses(error).some((one) => codesOfFull.has(codeOf(one)));
