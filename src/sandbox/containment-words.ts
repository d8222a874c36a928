import { closedOnTheWay } from './reach.ts';
import { type Containment, userOf } from './sandbox.ts';

/** A mode of containment in words: SECURITY.md has the table of all four. */
export interface ContainmentWords {
  readonly mode: string;
  /** Promises that this mode does not keep. */
  readonly weak: readonly string[];
  /** A step that makes the containment stronger. */
  readonly next: string;
}

const next = 'install bubblewrap, so that gates and runs see neither your files nor the network';

/** Describes the mode in force for gates and runs, and its weak points. */
export function containmentWords(containment: Containment): ContainmentWords {
  const isRoot = userOf(containment) !== undefined;
  if (containment.kind === 'bubblewrap')
    return { mode: isRoot ? 'bubblewrap, a user for each' : 'bubblewrap', weak: [], next: '' };
  if (containment.kind === 'none') return { mode: 'none: gates and runs have your user', weak: asYou, next };
  const { setpriv } = containment.user;
  const closed = closedOnTheWay(process.execPath);
  return {
    mode: 'a user for each, without bubblewrap',
    weak: [
      'gates and runs see the files that everybody on this machine may read, and its whole network',
      ...(setpriv === undefined ? ['setuid programs give them rights: setpriv (util-linux) is missing'] : []),
      ...(closed === undefined
        ? []
        : [`gates cannot start ${process.execPath}: ${closed} is for its owner only`]),
    ],
    next,
  };
}

const asYou = [
  'gates and runs can read and change your files, read the tokens of the runner, signal what you run, and use the whole network',
  'a process of theirs that clears its environment and leaves its parent outlives its run',
];
