/**
 * A factor for every limit of time in a test: a machine that runs other tests beside gets more time (three files at once
 * on two cores), and no more of anything else. `ANDON_TIME_SLACK=1` measures strictly, on a machine that does nothing else.
 */
export const timeSlack = Number(process.env.ANDON_TIME_SLACK ?? '4.5');
