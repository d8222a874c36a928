import { setTimeout as delay } from 'node:timers/promises';
import type { Answer, Run } from '../command.ts';
import type { GatewayLink } from '../connect.ts';
import { untilInterrupted } from '../follow.ts';
import { printableText } from '../printable.ts';
import type { Terminal } from '../terminal.ts';

const everyMs = 500;

/** Prints the output of a run piece by piece, and then its outcome; `once` does not wait for more. */
export async function followOutput(
  { terminal }: Run<unknown>,
  link: GatewayLink,
  run: string,
  once = false,
): Promise<Answer> {
  const end = untilInterrupted();
  try {
    let after = 0;
    for (let more = true; more; ) {
      const { last, ended } = await printAfter(terminal, link, run, after);
      more = last > after || !(ended || once || end.signal.aborted);
      if (last === after && more)
        await delay(everyMs, undefined, { signal: end.signal }).catch(() => undefined);
      after = last;
    }
  } finally {
    end.release();
  }
  return outcomeOf(await link.client.run.show.query({ project: link.project, run }));
}

async function printAfter(
  terminal: Terminal,
  { client, project }: GatewayLink,
  run: string,
  after: number,
): Promise<{ last: number; ended: boolean }> {
  const { pieces, ended } = await client.run.output.query({ project, run, after });
  for (const piece of pieces) print(terminal, run, piece);
  return { last: pieces.at(-1)?.piece ?? after, ended };
}

function print(terminal: Terminal, run: string, { piece, body }: { piece: number; body: string }): void {
  if (terminal.json) terminal.data(JSON.stringify({ run, piece, body }));
  else terminal.data(printableText(body.replace(/\n$/, '')));
}

function outcomeOf(run: { id: string; state: string; outcome: string | null; note: string | null }): Answer {
  const { id, state, outcome, note } = run;
  const data = { run: id, state, outcome, note };
  if (outcome === null) return { data, lines: [], talk: [`${id}: ${state}`] };
  const words = `${id}: ${outcome.replaceAll('_', ' ')}${note === null ? '' : `: ${note}`}`;
  return { data, lines: [], talk: [printableText(words)], exit: outcome === 'shipped' ? 'ok' : 'failed' };
}
