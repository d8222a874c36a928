import { setTimeout as delay } from 'node:timers/promises';
import type { GatewayLink } from '../connect.ts';
import { follow } from '../follow.ts';
import { asAndonError } from '../refusal.ts';
import type { Story } from './story.ts';

const everyMs = 400;

/** Tells the events from the first one on. A stream that breaks costs the story, not the work: it is said, and no more. */
export async function tellEvents(link: GatewayLink, story: Story, signal: AbortSignal): Promise<void> {
  try {
    for await (const event of follow(link, { project: link.project, after: 0, signal })) story.event(event);
  } catch (error) {
    const { rule, next } = asAndonError(error).reasons[0];
    story.step(`the stream of events has ended (${rule}); ${next}`);
  }
}

/** Tells what an agent says in its run, until the run has ended. Answers its outcome, or undefined when it was cut short. */
export async function tellRun(
  { client, project }: GatewayLink,
  run: string,
  said: (text: string) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  let after = 0;
  let line = '';
  while (!signal.aborted) {
    const { pieces, ended } = await client.run.output.query({ project, run, after });
    for (const { piece, body } of pieces) {
      after = piece;
      const lines = (line + body).split('\n');
      line = lines.pop() ?? '';
      for (const one of lines) said(textOf(one));
    }
    if (ended && pieces.length === 0) break;
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  }
  const { outcome, note } = await client.run.show.query({ project, run });
  if (outcome !== null && outcome !== 'shipped') said(`ended: ${outcome.replaceAll('_', ' ')}: ${note}`);
  return outcome ?? undefined;
}

/** What an agent says is a line of JSON with `say`; anything else it prints is told as it is. */
function textOf(line: string): string {
  try {
    const { say } = JSON.parse(line) as { say?: unknown };
    return typeof say === 'string' ? say : line;
  } catch {
    return line;
  }
}
