import { defined } from '../../lib/defined.ts';
/** The finding of one examination. A note is worth knowing, and nothing is wrong. */
export interface Finding {
  readonly check: string;
  readonly status: 'ok' | 'note' | 'fault';
  readonly subject: string;
  readonly found?: string;
  /** The next step. */
  readonly next?: string;
}

/** A finding without a fault. */
export const ok = (check: string, subject: string, found?: string): Finding => ({
  check,
  status: 'ok',
  subject,
  ...defined({ found }),
});

/** A finding with a fault, and the next step. */
export const fault = (check: string, subject: string, found: string, next: string): Finding => ({
  check,
  status: 'fault',
  subject,
  found,
  next,
});

/** A finding that is worth knowing, with a next step; nothing is wrong. */
export const note = (check: string, subject: string, found: string, next: string): Finding => ({
  check,
  status: 'note',
  subject,
  found,
  next,
});
