/** The large size of the same tests is `npm run test:long`. */
const isLong = process.env.ANDON_TEST_SIZE === 'long';

/** The size of a test: in `npm test`, and in `npm run test:long`. */
export const sized = <T = number>(usual: T, long: T): T => (isLong ? long : usual);
