import { casesMin } from './interval.ts';
import { type Difference, differenceOf } from './posterior.ts';
import { type AttemptCase, isDone } from './record.ts';

/** Facts about a task or an attempt that may go with its success. */
export type PatternFacts = Pick<
  AttemptCase,
  'profile' | 'tries' | 'files' | 'hasAcceptance' | 'hasDescription' | 'hasNeeds' | 'wasTold'
>;

/** A fact that attempts at tasks of a kind succeed with more often, or more seldom, than without. */
export interface Pattern {
  readonly kind: string;
  /** Name of the fact: `acceptance`, `folder:src/pay`. */
  readonly fact: string;
  readonly words: string;
  /** Numbers of attempts with and without it. */
  readonly n: { readonly with: number; readonly without: number };
  /** The share of attempts that finish their task with it, less that without it. */
  readonly difference: Difference;
}

interface NamedFact {
  readonly fact: string;
  readonly words: string;
  /** Null where it is not known. */
  readonly holds: (of: PatternFacts) => boolean | null;
}

const manyFiles = 10;
const foldersMax = 12;

const plain: readonly NamedFact[] = [
  { fact: 'acceptance', words: 'the task says when it is done', holds: ({ hasAcceptance }) => hasAcceptance },
  { fact: 'description', words: 'the task is described', holds: ({ hasDescription }) => hasDescription },
  { fact: 'needs', words: 'the task needs others', holds: ({ hasNeeds }) => hasNeeds },
  { fact: 'again', words: 'an attempt had failed before', holds: ({ tries }) => tries > 1 },
  { fact: 'solution', words: 'a solution was told', holds: ({ wasTold }) => wasTold },
  {
    fact: 'many-files',
    words: `more than ${manyFiles} files are changed`,
    holds: ({ files }) => (files.length === 0 ? null : files.length > manyFiles),
  },
];

const folderOf = (path: string): string => path.split('/').slice(0, -1).slice(0, 2).join('/') || '.';

/** The folders that attempts changed most often, and the profiles: each a fact. */
function namedFacts(cases: readonly PatternFacts[]): NamedFact[] {
  const counts = new Map<string, number>();
  for (const { files } of cases)
    for (const folder of new Set(files.map(folderOf))) counts.set(folder, (counts.get(folder) ?? 0) + 1);
  const folders = [...counts].sort(([, one], [, other]) => other - one).slice(0, foldersMax);
  const profiles = new Set(cases.flatMap(({ profile }) => profile ?? []));
  return [
    ...folders.map(
      ([folder]): NamedFact => ({
        fact: `folder:${folder}`,
        words: `files in ${folder} are changed`,
        holds: ({ files }) => (files.length === 0 ? null : files.some((path) => folderOf(path) === folder)),
      }),
    ),
    ...[...profiles].map(
      (name): NamedFact => ({
        fact: `profile:${name}`,
        words: `the attempt is of ${name === '' ? 'no profile' : `the profile ${name}`}`,
        holds: ({ profile }) => (profile === null ? null : profile === name),
      }),
    ),
  ];
}

/** The probability that chance alone makes any fact of a kind a pattern. */
const chanceMax = 0.05;

/**
 * Facts that go with success or failure of attempts, by kind of task: those whose posterior difference has one sign with a
 * probability that the number of facts looked at makes as large as one look would. Facts with fewer than 8 attempts on
 * either side are left out. A companion of success need not be its cause.
 */
export function patternsOf(cases: readonly AttemptCase[]): Pattern[] {
  const kinds = [...new Set(cases.map(({ kind }) => kind))].sort();
  return kinds.flatMap((kind) =>
    ofKind(
      kind,
      cases.filter((one) => one.kind === kind),
    ),
  );
}

function ofKind(kind: string, cases: readonly AttemptCase[]): Pattern[] {
  if (cases.length < 2 * casesMin) return [];
  const seen = [...plain, ...namedFacts(cases)].flatMap((one) => patternOf(kind, one, cases) ?? []);
  const unlikely = chanceMax / (2 * seen.length);
  return seen
    .filter(({ difference: { positive } }) => Math.min(positive, 1 - positive) < unlikely)
    .sort((one, other) => Math.abs(other.difference.mean) - Math.abs(one.difference.mean));
}

function patternOf(
  kind: string,
  { fact, words, holds }: NamedFact,
  cases: readonly AttemptCase[],
): Pattern | undefined {
  const [yes, no] = [true, false].map((wanted) => cases.filter((one) => holds(one) === wanted));
  if (yes === undefined || no === undefined) return undefined;
  const counted = (group: readonly AttemptCase[]) => ({
    n: group.length,
    passed: group.filter(isDone).length,
  });
  const difference = differenceOf(counted(yes), counted(no));
  return difference && { kind, fact, words, n: { with: yes.length, without: no.length }, difference };
}

/** A pattern beside a task: it holds for the task, or does not; null where only its attempts will tell. */
export interface TaskPattern extends Pattern {
  readonly holds: boolean | null;
}

/** The patterns of a kind beside a task of it. */
export function patternsFor(task: PatternFacts, patterns: readonly Pattern[]): TaskPattern[] {
  const facts = new Map([...plain, ...namedFacts([task])].map((one) => [one.fact, one.holds]));
  return patterns.map((pattern) => ({ ...pattern, holds: facts.get(pattern.fact)?.(task) ?? null }));
}
