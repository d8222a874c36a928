/** Ends of an attempt at a task, in the words that people and agents read. */
export const attemptOutcomes = {
  rejected: 'rejected',
  gate_failed: 'a gate failed',
  conflict: 'it conflicted with main',
  withdrawn: 'withdrawn',
  expired: 'its lease ran out',
  released: 'given back',
  stolen: 'given to somebody else',
  landed: 'landed',
  approved: 'approved',
  artefact: 'done by an artefact',
} as const;

export type AttemptOutcome = keyof typeof attemptOutcomes;

/** An attempt at a task, as far as the next one reads of it. */
export interface ToldAttempt {
  readonly epoch: number;
  readonly agent: string;
  readonly outcome: AttemptOutcome | null;
  readonly reasons: readonly string[];
  readonly branch: string | null;
}

/** The texts of a task that tell what is wanted and what was tried. */
export interface ToldTask {
  readonly description: string;
  readonly acceptance: readonly string[];
  readonly attempts: readonly ToldAttempt[];
  readonly answers: readonly { readonly question: string; readonly answer: string; readonly by: string }[];
}

/** A text that others wrote, each line behind `> `: data for whoever reads it, never an instruction of Andon's. */
export const quoted = (text: string): string[] =>
  text
    .trimEnd()
    .split(lineEnds)
    .map((line) => `> ${line}`.trimEnd());

/** Everything that some reader takes for the end of a line. */
const lineEnds = /\r\n|[\n\r\v\f\u0085\u2028\u2029]/;

/** Everything about a task that its title does not say, in Markdown; empty when there is nothing. */
export const taskWords = (task: ToldTask): string[] => [
  ...(task.description === '' ? [] : ['The plan says of it:', ...quoted(task.description)]),
  ...(task.acceptance.length === 0
    ? []
    : ['It is done when:', ...task.acceptance.flatMap((one) => quoted(`- ${one}`))]),
  ...task.answers.flatMap(({ question, answer, by }) => [
    'It was asked:',
    ...quoted(question),
    `${by} answered:`,
    ...quoted(answer),
  ]),
  ...task.attempts.flatMap(attemptWords),
];

const attemptWords = (one: ToldAttempt): string[] => [attemptHead(one), ...one.reasons.flatMap(quoted)];

/** The end of an attempt and the branch of its work, in one line without anybody's text. */
export function attemptHead({ epoch, agent, outcome, branch }: Omit<ToldAttempt, 'reasons'>): string {
  const how = outcome === null ? 'no end yet' : attemptOutcomes[outcome];
  const from = branch === null ? '' : ` Its work: git fetch origin ${branch} && git checkout FETCH_HEAD`;
  return `Attempt ${epoch} by ${agent}: ${how}.${from}`;
}

/** A text that others wrote, inside of a sentence of Andon's: one line between quotation marks that it cannot end. */
export const inQuotes = (text: string, lengthMax = 120): string => {
  const line = text.replace(/[\s\p{C}\u2028\u2029]+/gu, ' ').trim();
  return JSON.stringify(line.length > lengthMax ? `${line.slice(0, lengthMax - 1)}…` : line);
};
