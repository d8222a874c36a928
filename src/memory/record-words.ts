/** The record of a solution in words: the attempts that were told of it, and those of them that passed. */
export const recordWords = ({
  tried,
  worked,
}: {
  readonly tried: number;
  readonly worked: number;
}): string => (tried === 0 ? 'not tried again yet' : `worked ${worked} of ${tried}`);
