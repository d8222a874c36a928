const retryable = new Set(['40001', '40P01']);
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
  'EPIPE',
  'ENOENT',
]);

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';

/** True when the database itself could not be reached or went away. */
export function isUnavailable(error: unknown): boolean {
  if (unavailable.has(codeOf(error))) return true;
  return (
    error instanceof Error &&
    /Connection terminated|timeout exceeded when trying to connect/.test(error.message)
  );
}

/** True for a deadlock or a serialisation failure: nothing was committed then. */
export const isRetryable = (error: unknown): boolean => retryable.has(codeOf(error));

/** Runs `once` again after a deadlock or a serialisation failure: nothing was committed then. */
export async function withRetry<T>(once: () => Promise<T>, triesMax = 3): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await once();
    } catch (error) {
      if (tries >= triesMax || !isRetryable(error)) throw error;
    }
  }
}
