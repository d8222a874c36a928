/** A root cause with which a test clears the red stop that it has pulled. */
export const rootCause = {
  whys: [{ why: 'a test pulled it', evidence: 'this test' }],
  kind: 'test' as const,
  prevention: 'nothing is wrong',
};
