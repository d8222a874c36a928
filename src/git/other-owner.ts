/**
 * git's message, in one line, that it does not read a repository because another user owns it; otherwise
 * undefined.
 */
export const otherOwner = (stderr: string): string | undefined =>
  /detected dubious ownership .*/.exec(stderr)?.[0];
