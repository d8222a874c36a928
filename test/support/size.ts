/** The large size of the same tests is `npm run test:long`. */
const isLong = process.env.ANDON_TEST_SIZE === 'long';

/** The number of repetitions of a test: in `npm test`, and in `npm run test:long`. */
export const sized = (usual: number, long: number): number => (isLong ? long : usual);
