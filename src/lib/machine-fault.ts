import { codeOf, withCauses } from './causes.ts';
import { AndonError, fail } from './errors.ts';

/** A fault of the machine and not of the work; it passes once somebody makes room. */
export type MachineFault = 'disk.full' | 'machine.exhausted';

interface Signs {
  readonly fault: MachineFault;
  /** Codes of this fault in Node, in PostgreSQL (SQLSTATE, class 53) and in Andon. */
  readonly codes: ReadonlySet<string>;
  /**
   * Messages of this fault from programs in the C locale, such as git, and from Node about a program that it
   * could not start.
   */
  readonly words: RegExp;
}

const signs: readonly Signs[] = [
  {
    fault: 'disk.full',
    codes: new Set(['ENOSPC', 'EDQUOT', '53100', 'disk.full']),
    words: /No space left on device|Disk quota exceeded/,
  },
  {
    fault: 'machine.exhausted',
    codes: new Set(['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM', '53200', 'machine.exhausted']),
    words:
      /Resource temporarily unavailable|Too many open files|Cannot allocate memory|Out of memory|^(Error: )?spawn( \S+)? E(AGAIN|MFILE|NFILE|NOMEM)$/,
  },
];

/** The fault in the output of a program in the C locale, such as git; undefined for any other text. */
export const saidFault = (text: string): MachineFault | undefined =>
  signs.find(({ words }) => words.test(text))?.fault;

/** The fault that an error comes from: no room on the disk, or no processes, descriptors or memory left. */
export const faultOf = (error: unknown): MachineFault | undefined =>
  signs.find(({ codes }) => withCauses(error).some((one) => codes.has(codeOf(one))))?.fault;

/**
 * Turns an error into the refusal for its machine fault: the refusal made where the fault happened, or one of
 * this subject; returns any other error unchanged.
 */
export function asMachineFault(error: unknown, subject: string, found?: string): unknown {
  const fault = faultOf(error);
  if (fault === undefined) return error;
  const made = withCauses(error).find((one) => one instanceof AndonError);
  return made ?? fail(fault, subject, { found: found ?? foundOf(fault, error) }, error);
}

/** A full disk is reported without the file: agents do not see where Andon keeps its own files. */
const foundOf = (fault: MachineFault, error: unknown): string =>
  fault === 'disk.full' ? 'no room left' : (withCauses(error).map(codeOf).find(Boolean) ?? fault);
