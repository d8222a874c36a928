import { tookWords } from '../../lib/durations.ts';
import type { ChainedEvent, LogHead } from '../../store/log/chain.ts';
import type { LoggedReason } from '../../store/log/event-data/shared.ts';
import type { EventOf, EventType } from '../../store/log/events.ts';
import { isKnown } from '../../store/log/logged-event.ts';
import { subjectWords, toneOf } from '../event/words.ts';
import { printable, printableText } from '../printable.ts';
import type { Terminal, Tone } from '../terminal.ts';

/** Tells the sample as it happens: each step one line for people, or one JSON object. */
export interface Story {
  step(text: string): void;
  said(agent: string, text: string): void;
  event(event: ChainedEvent): void;
}

const agentTones: Readonly<Record<string, Tone>> = { lead: 'warn', builder: 'name', reviewer: 'good' };

/** Creates the teller for a terminal. */
export function createStory(terminal: Terminal): Story {
  const { paint, json } = terminal;
  const line = (who: string, tone: Tone, text: string): void => {
    const [first = '', ...rest] = printableText(text).split('\n');
    terminal.data(`${paint(tone, who.padEnd(9))} ${first}`);
    for (const more of rest) terminal.data(`${' '.repeat(9)} ${paint('quiet', more)}`);
  };
  return {
    step(text) {
      if (json) terminal.data(JSON.stringify({ step: text }));
      else line('andon', 'strong', text);
    },
    said(agent, text) {
      if (json) terminal.data(JSON.stringify({ agent, say: text }));
      else line(agent, agentTones[agent] ?? 'quiet', text);
    },
    event(event) {
      if (json) {
        terminal.data(JSON.stringify({ event }));
        return;
      }
      const words = sentenceOf(event);
      if (words !== undefined) line('andon', 'quiet', paint(toneOf(event), printable(words)));
    },
  };
}

type Told<Type extends EventType> = EventOf<Type> & LogHead<string>;

const about = ({ subject }: { readonly subject: string }): string =>
  subjectWords(subject).replace(/^[a-z]+\//, '');

const sentences: { readonly [Type in EventType]?: (event: Told<Type>) => string | undefined } = {
  'call.denied': ({ actor, action, data }) => `denied ${actor} ${action}: ${codesOf(data.reasons)}`,
  'audit.ended': ({ data }) => (data.alert ? `ALERT: ${data.title}` : undefined),
  'change.landed': ({ data }) => `LANDED ${data.task} on main`,
  'change.rebuilt': ({ data }) => `${data.task}: main has moved, built again`,
  'change.refused': ({ data }) => `${data.task} goes back: ${data.note}`,
  'cord.pulled': ({ data }) => `the line is stopped: ${data.why}`,
  'gate.ended': ({ data: { gate, passed, ms, sandboxed, ...of } }) =>
    `gate ${gate} of ${'task' in of ? of.task : `${of.changes.length} together`} ${passed ? 'passed' : 'FAILED'} in ${tookWords(ms)}${sandboxed ? '' : ' (unsandboxed)'}`,
  'grant.minted': ({ data }) => `a token for ${data.agent}, ${data.tier}`,
  'phase.opened': (event) => `phase ${about(event)} is open`,
  'plan.applied': ({ data }) => `plan applied, ${data.added} tasks`,
  'project.created': (event) => `project ${about(event)}`,
  'run.started': ({ data }) => `${data.agent} runs (${data.sandbox})`,
  'run.ended': ({ data }) => `${data.agent} ended: ${data.outcome.replaceAll('_', ' ')}`,
  // The finding of an audit is told, and not its request.
  'trigger.fired': (event) =>
    event.data.does === 'audit' ? undefined : `trigger ${about(event)} fired: ${firedFor(event)}`,
  'trigger.refused': (event) => `trigger ${about(event)} was refused: ${event.data.code}`,
  'decision.recorded': ({ actor, data }) => `${actor} decided: ${data.question}`,
  'report.written': ({ actor, data }) => `${actor} wrote a ${data.kind}: ${data.title}`,
};

const sentence = <Type extends EventType>(event: Told<Type>): string | undefined =>
  sentences[event.type]?.(event);

const sentenceOf = (event: ChainedEvent): string | undefined =>
  isKnown(event) ? sentence(event) : undefined;

/** The action of a trigger, and its task. */
const firedFor = ({ data: { does, task } }: Told<'trigger.fired'>): string =>
  task === undefined ? does : `${does} for ${task}`;

const codesOf = (reasons: readonly LoggedReason[]): string =>
  reasons.map(({ code, subject }) => `${code} ${subject}`).join(', ');
