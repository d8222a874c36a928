import { codeOf, withCauses } from '../lib/causes.ts';

/** SQLSTATE of a statement whose name exists already: another session of this process was first to prepare it. */
export const duplicatePrepared = '42P05';
// drizzle wraps the error of the driver, so the causes count too.
const retryable = new Set(['40001', '40P01', duplicatePrepared]);
const unavailable = new Set([
  '57P01',
  '57P02',
  '57P03',
  '08000',
  '08001',
  '08003',
  '08006',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EPIPE',
  'ENOENT',
]);

const gone = /Connection terminated|timeout exceeded when trying to connect|is not queryable/;

/** True when the database itself could not be reached or went away. */
export const isUnavailable = (error: unknown): boolean =>
  withCauses(error).some(
    (one) => unavailable.has(codeOf(one)) || (one instanceof Error && gone.test(one.message)),
  );

/** True for a deadlock, a serialisation failure or a statement prepared twice: nothing was committed then. */
const isRetryable = (error: unknown): boolean => withCauses(error).some((one) => retryable.has(codeOf(one)));

// No class of SQLSTATE begins with E; the codes of the system do. Class 08 and 57P… are about the connection.
const refusal = /^(?!08|57P)[0-9A-DF-Z][0-9A-Z]{4}$/;

/**
 * True when the database answered that a statement failed, so that nothing of it was committed. After a lost
 * connection the outcome is open.
 */
export const leftNothing = (error: unknown): boolean =>
  !isUnavailable(error) && withCauses(error).some((one) => refusal.test(codeOf(one)));

/** Runs `once` again after a deadlock or a serialisation failure, neither of which commits anything. */
export async function withRetry<T>(once: () => Promise<T>, triesMax = 3): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await once();
    } catch (error) {
      if (tries >= triesMax || !isRetryable(error)) throw error;
    }
  }
}
