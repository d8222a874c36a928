import type { BriefedTask, BriefingFacts } from './briefing-facts.ts';
import { headline } from './headline.ts';
import { type BriefingLine, type BriefingSection, fitting, own, type Topic, tokensOf } from './lines.ts';
import {
  attemptsSection,
  blockersOf,
  checkpointsSection,
  decisionsSection,
  descriptionSection,
  filesSection,
  planSection,
  questionsSection,
  readerSection,
  solutionsSection,
  taskSection,
} from './sections.ts';

/** The standing of a reader, in lines that each name the thing that they tell of. */
export interface Briefing {
  /** The first line, which says the most in one sentence. */
  readonly headline: string;
  readonly lines: readonly BriefingLine[];
  /** A number that the tokens of the lines do not exceed. */
  readonly tokens: number;
}

/** The most tokens of a briefing. */
export const briefingTokensMax = 1_500;
/** The most tokens of one topic that somebody asks more of. */
const moreTokensMax = 8_000;

/** The briefing of a reader: the minimum first, each topic bounded, all of it below the most tokens. */
export function briefingOf(facts: BriefingFacts): Briefing {
  const blockers = blockersOf(facts.tasks[0], facts);
  const first = headline(facts, blockers);
  const lines: BriefingLine[] = [first];
  let left = briefingTokensMax - tokensOf(lines);
  for (const section of sectionsOf(facts)) {
    const shown = fitting(section, Math.min(section.tokensMax, left));
    lines.push(...shown);
    left -= tokensOf(shown);
  }
  return { headline: first.text, lines, tokens: briefingTokensMax - left };
}

/** All that is known on one topic. */
export function moreOf(facts: BriefingFacts, topic: Topic): Briefing {
  const lines = sectionsOf(facts)
    .filter((section) => section.topic === topic)
    .flatMap((section) => fitting(section, moreTokensMax));
  return { headline: topic, lines, tokens: tokensOf(lines) };
}

/** Every section, in the order in which room is given to them. */
function sectionsOf(facts: BriefingFacts): BriefingSection[] {
  const [task, ...others] = facts.tasks;
  const blockers = { topic: 'blockers', lines: blockersOf(task, facts), tokensMax: 200 } as const;
  return [
    readerSection(facts),
    ...(task === undefined ? [blockers] : taskSections(task, facts, blockers)),
    ...others.map((other) => taskSection(other, facts.reader.agent)),
    ...workSections(facts),
    planSection(facts),
  ];
}

const taskSections = (
  task: BriefedTask,
  facts: BriefingFacts,
  blockers: BriefingSection,
): BriefingSection[] => [
  taskSection(task, facts.reader.agent),
  attemptsSection(task),
  checkpointsSection(task),
  blockers,
  questionsSection(task),
  solutionsSection(facts),
  decisionsSection(facts),
  filesSection(task),
  descriptionSection(task),
];

/** The work of those who hold no tasks: changes to judge, questions to answer. */
function workSections({ reader, changes, openQuestions }: BriefingFacts): BriefingSection[] {
  const judging = changes.map(({ id, task, author }) =>
    own(`change/${id}`, `- ${id}: task ${task}, by ${author}`),
  );
  const asked = openQuestions.map(({ id, task }) =>
    own(`question/${id}`, `- question ${id} about ${task}: andon task show ${task}`),
  );
  if (reader.tier === 'validator') {
    const how = own(`grant/${reader.grant}`, judgingWords(reader.actions));
    return [{ topic: 'plan', lines: [how, ...judging], tokensMax: 300 }];
  }
  if (reader.tier === 'implementer') return [];
  const how = own(`grant/${reader.grant}`, leadingWords);
  return [{ topic: 'questions', lines: [how, ...asked], tokensMax: 300 }];
}

const judgements = [
  ['gate:pass', 'andon gate pass <change> <gate>'],
  ['verdict:approve', 'andon verdict approve <change>'],
  ['verdict:reject', 'andon verdict reject <change> --reason "…"'],
] as const;

function judgingWords(actions: readonly string[]): string {
  const may = judgements.filter(([action]) => actions.includes(action)).map(([, command]) => command);
  if (may.length === 0) return 'You judge nothing yourself: read and report.';
  return `You claim no task. Read a change (andon change show <change>; andon change diff <change>; andon gate list <change>), then judge it: ${may.join('; ')}`;
}

const leadingWords =
  'Read where things are: andon task waiting, andon task list, andon inbox. Agents are started with andon agent spawn <profile>';
