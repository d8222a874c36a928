/** The folder of the files of decisions. It is protected: agents write there only where a plan opens it. */
export const decisionFolder = 'docs/decisions';

const named = /^docs\/decisions\/(\d{1,6})-[^/]+\.md$/;

/** True for the path of a file that holds a decision: its name begins with a number. */
export const isDecisionFile = (path: string): boolean => named.test(path);

/** The number in the name of such a file. */
export const numberOfFile = (path: string): number => Number(named.exec(path)?.[1] ?? 0);
