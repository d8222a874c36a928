import { attemptHead, inQuotes } from '../messages/task-words.ts';
import type { BriefedTask, BriefingFacts, TaskCheckpoint } from './briefing-facts.ts';
import { type BriefingLine, type BriefingSection, own, told } from './lines.ts';
import { recordWords } from './record-words.ts';

const shownTasks = 3;
const plainGlob = /^[\w./*?@+-]+$/;
/** A path or glob as it stands among Andon's words: one that could be read as a sentence is put into quotation marks. */
const pathWords = (path: string): string => (plainGlob.test(path) ? path : inQuotes(path, 256));
const pathsWords = (paths: readonly string[]): string => paths.map(pathWords).join(', ');

/** The reader's bounds. */
export function readerSection({ reader }: BriefingFacts): BriefingSection {
  const { agent, role, tier, project, purpose, write, complexity, functionLines } = reader;
  const about = `grant/${reader.grant}`;
  const writes = tier === 'implementer' || tier === 'human';
  const lines = [
    own(
      about,
      `You are ${agent}, ${role} (${tier}) on ${project === '*' ? 'every project' : project}: ${purpose}.`,
    ),
    ...(writes ? [own(about, `- write: ${write}`)] : []),
    ...(tier === 'implementer'
      ? [
          own(
            about,
            `- a function that you add: complexity at most ${complexity}, ${functionLines} lines; an old one above that may not grow`,
          ),
        ]
      : []),
  ];
  return { topic: 'reader', lines, tokensMax: 200 };
}

/** The lease, the scope, the gates, and the way to hand the work over. */
function heldLines(task: BriefedTask): BriefingLine[] {
  const about = `task/${task.id}`;
  const denied = task.deny.length === 0 ? '' : `, but not ${pathsWords(task.deny)}`;
  const branch = `refs/heads/task/${task.id}/${task.epoch}/work`;
  return [
    own(
      about,
      `- write: ${pathsWords(task.write) || 'no file'}${denied}; files that steer tools are protected`,
    ),
    own(about, `- gates: ${task.gates.join(', ') || 'none'}`),
    own(about, `- push: git push origin HEAD:${branch}, then andon change submit`),
    own(about, `- renew the lease with andon task renew before it ends`),
  ];
}

/** The task in short. */
export function taskSection(task: BriefedTask, reader: string): BriefingSection {
  const about = `task/${task.id}`;
  const held = task.state === 'in_progress' && task.holder === reader;
  const lease = held && task.leaseUntil !== null ? `, until ${task.leaseUntil.slice(0, 19)}Z` : '';
  const state =
    task.change === null ? task.state : `${task.state}, change ${task.change.id} is ${task.change.state}`;
  const lines = [
    own(about, `## Your task: ${task.id}, epoch ${task.epoch}, ${state}${lease}`),
    ...told(about, task.title),
    ...(held ? heldLines(task) : []),
  ];
  return { topic: 'task', lines, tokensMax: 330 };
}

const reasonLinesMax = 12;

/** The attempts so far, the newest first. */
export function attemptsSection(task: BriefedTask): BriefingSection {
  const about = `task/${task.id}`;
  const lines = task.attempts
    .filter(({ outcome, branch }) => outcome !== null || branch !== null)
    .flatMap((attempt) => [
      own(about, attemptHead(attempt)),
      ...attempt.reasons.flatMap((reason) => told(about, lastOf(reason))),
    ]);
  return { topic: 'attempts', lines, tokensMax: 350 };
}

const lastOf = (text: string): string => text.trimEnd().split('\n').slice(-reasonLinesMax).join('\n');

/** The last words of those who worked on the task. */
export function checkpointsSection(task: BriefedTask): BriefingSection {
  return {
    topic: 'checkpoints',
    lines: task.checkpoints.flatMap((one) => checkpointLines(task, one)),
    tokensMax: 300,
  };
}

function checkpointLines(task: BriefedTask, one: TaskCheckpoint): BriefingLine[] {
  const about = `task/${task.id}`;
  const by = one.profile === '' ? one.agent : `${one.agent} (${one.profile})`;
  const lists = [
    ['done', one.done],
    ['next', one.next],
    ['open files', one.files],
    ['worth knowing', one.items],
  ] as const;
  return [
    own(about, `Checkpoint of ${by}, epoch ${one.epoch}, ${one.at.slice(0, 19)}Z:`),
    ...lists.flatMap(([name, items]) => items.flatMap((item) => told(about, `${name}: ${item}`))),
    ...(one.note === '' ? [] : told(about, one.note)),
  ];
}

/** The causes that hold the task up, and the stops. */
export function blockersOf(task: BriefedTask | undefined, { stops }: BriefingFacts): BriefingLine[] {
  const ofStops = stops.flatMap(({ subject, words }) => [
    own(subject, `The line is stopped (${subject}):`),
    ...told(subject, words),
  ]);
  if (task === undefined) return ofStops;
  const about = `task/${task.id}`;
  const waits = task.state === 'in_progress' || task.state === 'gated' ? [] : waitsOf(task);
  const open = task.questions.filter(({ answer }) => answer === null);
  return [
    ...ofStops,
    ...waits.map((text) => own(about, text)),
    ...open.map(({ id }) => own(`question/${id}`, `An answer is awaited: question ${id}`)),
    ...(task.checkpoints[0]?.blockers ?? []).flatMap((text) => told(about, `blocked by: ${text}`)),
  ];
}

const waitsOf = ({ needs, closedPhase, overlaps }: BriefedTask): string[] => [
  ...(needs.length === 0 ? [] : [`It needs ${needs.join(', ')}, not done yet`]),
  ...(closedPhase === null ? [] : [`Its phase ${closedPhase} is closed`]),
  ...(overlaps.length === 0 ? [] : [`Its scope overlaps work under way: ${overlaps.join(', ')}`]),
];

/** Questions about the task with their answers, the open ones first. */
export function questionsSection(task: BriefedTask): BriefingSection {
  const lines = task.questions.flatMap(({ id, question, answer, by }) => {
    const about = `question/${id}`;
    const answered = answer === null ? [] : [own(about, `${by} answered:`), ...told(about, answer)];
    return [
      own(about, answer === null ? `Open question ${id}:` : `It was asked (${id}):`),
      ...told(about, question),
      ...answered,
    ];
  });
  return { topic: 'questions', lines, tokensMax: 200 };
}

/** Decisions that affect the files of the task. */
export function decisionsSection({ decisions }: BriefingFacts): BriefingSection {
  const lines = decisions.flatMap(({ id, question, decision }) => {
    const about = `decision/${id}`;
    return [own(about, `Decided (${id}):`), ...told(about, question), ...told(about, decision)];
  });
  return { topic: 'decisions', lines, tokensMax: 300 };
}

/** Known solutions of the error that the last attempt met, and the steps of a debugger. */
export function solutionsSection({ solutions, reader }: BriefingFacts): BriefingSection {
  const lines = solutions.flatMap((one) => {
    const about = `solution/${one.id}`;
    return [
      own(about, `This error was solved before, ${recordWords(one)}: andon solution show ${one.id}`),
      ...told(about, one.error),
      ...(one.cause === '' ? [] : told(about, `cause: ${one.cause}`)),
      ...(one.fix === '' ? [] : told(about, `fix: ${one.fix}`)),
    ];
  });
  const steps = reader.role === 'DEBUGGER' ? [own(`grant/${reader.grant}`, debuggerWords)] : [];
  return { topic: 'solutions', lines: [...steps, ...lines], tokensMax: 300 };
}

const debuggerWords =
  'Your steps: analyse the error; search for similar ones (andon solution search "…"); attempt a fix; say what the cause was (andon solution describe <solution> --cause "…" --fix "…")';

/** The files that were changed so far, by the last attempt that pushed. */
export function filesSection(task: BriefedTask): BriefingSection {
  const last = task.attempts.find(({ files }) => files.length > 0);
  if (last === undefined) return { topic: 'files', lines: [], tokensMax: 0 };
  const about = `task/${task.id}`;
  const head = own(
    about,
    `Changed by attempt ${last.epoch} (commit ${last.commit?.slice(0, 12) ?? 'unknown'}), ${last.files.length} files:`,
  );
  return {
    topic: 'files',
    lines: [head, ...last.files.flatMap((path) => told(about, path))],
    tokensMax: 150,
  };
}

/** The task as the plan describes it. */
export function descriptionSection(task: BriefedTask): BriefingSection {
  const about = `task/${task.id}`;
  const accepted = task.acceptance.flatMap((one) => told(about, `- ${one}`));
  const text =
    task.description === '' ? [] : [own(about, 'The plan says of it:'), ...told(about, task.description)];
  const cut = task.descriptionLength - task.description.length;
  const rest = cut > 0 ? [own(about, `… ${cut} characters more on description: andon continue --help`)] : [];
  return {
    topic: 'description',
    lines: [
      ...(accepted.length === 0 ? [] : [own(about, 'It is done when:'), ...accepted]),
      ...text,
      ...rest,
    ],
    tokensMax: 600,
  };
}

/** The tasks that may be taken next. */
export function planSection({ ready, tasks }: BriefingFacts): BriefingSection {
  const others = ready.filter(({ id }) => tasks.every((task) => task.id !== id)).slice(0, shownTasks);
  const lines = others.flatMap(({ id, title }) => [
    own(`task/${id}`, `Ready in the plan: ${id}`),
    ...told(`task/${id}`, title),
  ]);
  return { topic: 'plan', lines, tokensMax: 120 };
}
