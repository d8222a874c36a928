import { defined } from '../../lib/defined.ts';
/** What one examination found. A note is worth knowing and nothing is wrong. */
export interface Finding {
  readonly check: string;
  readonly status: 'ok' | 'note' | 'fault';
  readonly subject: string;
  readonly found?: string;
  /** What to do about it. */
  readonly next?: string;
}

export const ok = (check: string, subject: string, found?: string): Finding => ({
  check,
  status: 'ok',
  subject,
  ...defined({ found }),
});

export const fault = (check: string, subject: string, found: string, next: string): Finding => ({
  check,
  status: 'fault',
  subject,
  found,
  next,
});

export const note = (check: string, subject: string, found: string, next: string): Finding => ({
  check,
  status: 'note',
  subject,
  found,
  next,
});
