/** Words of the page: those of the command line and of docs. */
export const words = {
  running: 'the line runs',
  red: 'LINE STOPPED',
  yellow: 'line slowed',
  pull: 'Pull cord',
  nobody: 'Nobody works here yet',
  merge: 'merge with the upstream',
} as const;

/** Glyphs of states, each beside its word. */
export const glyphs = {
  red: '■',
  yellow: '▲',
  running: '●',
  waiting: '○',
  judged: '◆',
  question: '?',
} as const;

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** An age in seconds as people read it: `14s`, `3m 12s`, `2h 5m`, `3d 4h`. */
export function ageWords(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole < minute) return `${whole}s`;
  if (whole < hour) return `${Math.floor(whole / minute)}m ${whole % minute}s`;
  if (whole < day) return `${Math.floor(whole / hour)}h ${Math.floor((whole % hour) / minute)}m`;
  return `${Math.floor(whole / day)}d ${Math.floor((whole % day) / hour)}h`;
}

/** Millionths of a dollar. */
export const usdWords = (usdMicro: number): string => `$${(usdMicro / 1_000_000).toFixed(2)}`;

/** A count of tokens: `41k`, `2.1M`. */
export function countWords(count: number): string {
  if (count < 1_000) return String(count);
  return count < 1_000_000 ? `${Math.round(count / 1_000)}k` : `${(count / 1_000_000).toFixed(1)}M`;
}

/** A principal without its kind. */
export const nameWords = (principal: string): string => principal.replace(/^(?:agent|human):/, '');

/** The form of an id for people: its kind, and the last eight characters. */
export const shortId = (id: string): string =>
  /^[a-z]{3}_.{26}$/.test(id) ? `${id.slice(0, 4)}${id.slice(-8)}` : id;

/** The hour of an ISO date, in UTC. */
export const clockWords = (iso: string): string => iso.slice(11, 19);

/** One of a thing, or several. */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString('en-GB')} ${count === 1 ? one : many}`;

const eventWordsOf: Readonly<Record<string, string>> = {
  'change.pushed': 'pushed',
  'change.submitted': 'submitted',
  'change.landed': 'landed',
  'change.approved': 'approved',
  'change.refused': 'refused',
  'task.claimed': 'claimed',
  'task.released': 'released',
  'question.asked': 'asked',
  'question.answered': 'answered',
  'verdict.given': 'judged',
  'run.started': 'started',
  'run.ended': 'ended',
  'cord.pulled': 'pulled the cord',
  'cord.cleared': 'cleared the cord',
  'call.denied': 'was refused',
};

/** The kind of an event as a verb. */
export const eventWords = (type: string): string => eventWordsOf[type] ?? type.replace('.', ' ');

/** Numbers of the things that a stop holds. */
interface HeldCounts {
  readonly runs: number;
  readonly tasks: number;
  readonly landings: number;
}

/** The gateway names so many of each at most. */
const heldMax = 50;
const atLeast = (count: number, one: string): string =>
  count < heldMax ? plural(count, one) : `${count} or more ${one}s`;

export const heldWords = ({ runs, tasks, landings }: HeldCounts): string =>
  `${atLeast(runs, 'run')}, ${atLeast(tasks, 'task')}, ${atLeast(landings, 'landing')}`;
