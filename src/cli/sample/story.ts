import type { ChainedEvent } from '../../store/chain.ts';
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

type Words = (event: ChainedEvent) => string | undefined;

const subject: Words = ({ subject: text }) => subjectWords(text).replace(/^[a-z]+\//, '');
const taskOf = ({ data }: ChainedEvent): string => String(data.task ?? '');

const sentences: Readonly<Record<string, Words>> = {
  'call.denied': ({ actor, action, data }) => `denied ${actor} ${action}: ${codesOf(data.reasons)}`,
  'audit.ended': ({ data }) => (data.alert === true ? `ALERT: ${data.title}` : undefined),
  'change.landed': (event) => `LANDED ${taskOf(event)} on main`,
  'change.rebuilt': (event) => `${taskOf(event)}: main has moved, built again`,
  'change.refused': (event) => `${taskOf(event)} goes back: ${event.data.note}`,
  'cord.pulled': ({ data }) => `the line is stopped: ${data.why}`,
  'gate.ended': (event) =>
    `gate ${event.data.gate} of ${taskOf(event)} ${event.data.passed === true ? 'passed' : 'FAILED'} in ${event.data.ms} ms${event.data.sandboxed === true ? '' : ' (unsandboxed)'}`,
  'grant.minted': ({ data }) => `a token for ${data.agent}, ${data.tier}`,
  'phase.opened': (event) => `phase ${subject(event)} is open`,
  'plan.applied': ({ data }) => `plan applied, ${data.added} tasks`,
  'project.created': (event) => `project ${subject(event)}`,
  'run.started': ({ data }) => `${data.agent} runs (${data.sandbox})`,
  'run.ended': ({ data }) => `${data.agent} ended: ${String(data.outcome).replaceAll('_', ' ')}`,
  // What an audit finds is told, not that it was asked for.
  'trigger.fired': (event) =>
    event.data.does === 'audit' ? undefined : `trigger ${subject(event)} fired: ${firedFor(event)}`,
  'trigger.refused': (event) => `trigger ${subject(event)} was refused: ${event.data.code}`,
  'report.written': ({ actor, data }) => `${actor} wrote a ${data.kind}: ${data.title}`,
};

const sentenceOf: Words = (event) => sentences[event.type]?.(event);

/** What a trigger did, and about what. */
function firedFor({ data: { does, task } }: ChainedEvent): string {
  return `${String(does)}${typeof task === 'string' ? ` for ${task}` : ''}`;
}

function codesOf(reasons: unknown): string {
  const list = Array.isArray(reasons) ? (reasons as { code?: string; subject?: string }[]) : [];
  return list.map(({ code, subject: about }) => `${code} ${about}`).join(', ');
}
