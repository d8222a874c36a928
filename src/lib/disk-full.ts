import { codeOf, withCauses } from './causes.ts';
import { AndonError, fail } from './errors.ts';

/** What Node calls a full disk and a used-up quota, what PostgreSQL (SQLSTATE, class 53), and what Andon. */
const codesOfFull = new Set(['ENOSPC', 'EDQUOT', '53100', 'disk.full']);
const words = /No space left on device|Disk quota exceeded/;

/** Whether a program in the C locale, such as git, speaks of a full disk or a used-up quota. */
export const saysDiskFull = (text: string): boolean => words.test(text);

/** True when something could not be written for want of room. */
export const isDiskFull = (error: unknown): boolean =>
  withCauses(error).some((one) => codesOfFull.has(codeOf(one)));

/** The refusal for it: the one that was made where it happened, or one that names neither folder nor table. */
export const diskFull = (subject: string, error: unknown): AndonError =>
  withCauses(error).find((one) => one instanceof AndonError) ??
  fail('disk.full', subject, { found: 'no room left' }, error);
