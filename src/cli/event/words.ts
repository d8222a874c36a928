import type { ChainedEvent } from '../../store/log/chain.ts';
import type { LoggedEvent } from '../../store/log/logged-event.ts';
import { dateWords } from '../dates.ts';
import { printable } from '../printable.ts';
import { short } from '../table.ts';
import type { Paint, Tone } from '../terminal.ts';

const tones: readonly (readonly [RegExp, Tone])[] = [
  [/^(change\.(landed|approved)|task\.done|gate\.passed|phase\.opened|cord\.cleared)$/, 'good'],
  [
    /^(call\.denied|change\.refused|token\.(revoked|replayed)|agent\.terminated|sync\.diverged|cord\.pulled|gate\.voided)$/,
    'bad',
  ],
  [
    /^(lease\.expired|task\.(released|stolen|abandoned)|question\.asked|landing\.voided|epoch\.raised)$/,
    'warn',
  ],
];

/** The tone of an event; an event with a good or bad outcome has the tone of the outcome. */
export function toneOf({ type, data }: LoggedEvent): Tone {
  if (type === 'gate.ended') return data.passed ? 'good' : 'bad';
  if (type === 'verdict.given') return data.approve ? 'good' : 'bad';
  return tones.find(([types]) => types.test(type))?.[1] ?? 'name';
}

/** One event in one line: time, actor, type, subject, and the important part of its data. */
export function eventLine(event: ChainedEvent, paint: Paint): string {
  const { position, at, type, actor, subject } = event;
  const time = paint('quiet', `${String(position).padStart(5)} ${dateWords(at)}`);
  const words = detail(event);
  return `${time} ${paint(toneOf(event), type.padEnd(17))} ${printable(subjectWords(subject))}  ${paint('quiet', printable(`${actor}${words}`))}`;
}

/** `change/chg_…` with the id cut to the part that can be typed back. */
export const subjectWords = (subject: string): string => {
  const [noun = '', id] = subject.split('/', 2);
  return id === undefined
    ? noun
    : `${noun}/${/^[a-z]{3}_/.test(id) ? short(id) : subject.slice(noun.length + 1)}`;
};

const shownMembers = [
  'colour',
  'scope',
  'task',
  'gate',
  'epoch',
  'status',
  'passed',
  'approve',
  'why',
  'reason',
  'reverts',
  'title',
  'guards',
  'reasons',
] as const;

function detail({ data, action, allowed }: ChainedEvent): string {
  const said = new Map<string, unknown>(Object.entries(data));
  const parts = shownMembers.flatMap((name) => {
    const value = said.get(name);
    return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
      ? []
      : [`${name} ${shown(value)}`];
  });
  if (!allowed && action !== null) parts.unshift(action);
  return parts.length === 0 ? '' : `  ${parts.join(', ')}`.slice(0, 240);
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

function shown(value: unknown): string {
  if (Array.isArray(value)) return value.map(shown).join('; ');
  if (!isObject(value)) return typeof value === 'string' ? value : JSON.stringify(value);
  // A changed guard of a plan; `!` as in a difference.
  if ('where' in value) return `${value.weakens === true ? '! ' : ''}${value.where}`;
  return 'code' in value ? `${value.code} ${value.subject ?? ''}`.trim() : JSON.stringify(value);
}
