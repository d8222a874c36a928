/** What git says of a repository that it does not read because another user owns it, in one line; otherwise undefined. */
export const otherOwner = (stderr: string): string | undefined =>
  /detected dubious ownership .*/.exec(stderr)?.[0];
