const causesMax = 8;

/**
 * An error and the errors that it wraps, the outermost first; of several causes the first. A value that is no
 * error stands alone.
 */
export function withCauses(error: unknown): unknown[] {
  const chain: unknown[] = [];
  for (let one = error; one instanceof Error && chain.length < causesMax; ) {
    chain.push(one);
    one = one instanceof AggregateError ? one.errors[0] : one.cause;
  }
  return chain.length === 0 ? [error] : chain;
}

/** The `code` of an error of the system or of the database; empty where there is none. */
export const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
