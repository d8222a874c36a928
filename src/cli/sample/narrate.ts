import { setTimeout as delay } from 'node:timers/promises';
import type { GatewayLink } from '../connect.ts';
import { follow } from '../follow.ts';
import { asAndonError } from '../refusal.ts';
import type { Story } from './story.ts';

const everyMs = 400;

/**
 * Tells the events from the first one on. A broken stream costs the story, not the work: the break is told,
 * and no more events.
 */
export async function tellEvents(link: GatewayLink, story: Story, signal: AbortSignal): Promise<void> {
  try {
    for await (const event of follow(link, { project: link.project, after: 0, signal })) story.event(event);
  } catch (error) {
    const { rule, next } = asAndonError(error).reasons[0];
    story.step(`the stream of events has ended (${rule}); ${next}`);
  }
}

/**
 * Tells the words of an agent in its run, until the run has ended. Answers its outcome, or undefined when the
 * run was cut short.
 */
export async function tellRun(
  link: GatewayLink,
  run: string,
  said: (text: string) => void,
  signal: AbortSignal,
): Promise<string | undefined> {
  const reader = new EventReader(said);
  while (!signal.aborted && !(await reader.readOn(link, run)))
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  const { outcome, note } = await link.client.run.show.query({ project: link.project, run });
  if (outcome === null) return undefined;
  if (outcome !== 'shipped') said(`ended: ${outcome.replaceAll('_', ' ')}: ${note}`);
  return outcome;
}

/** Reads the pieces of a run's output as lines, which may go on in the next piece. */
class EventReader {
  readonly #said: (text: string) => void;
  #after = 0;
  #line = '';

  constructor(said: (text: string) => void) {
    this.#said = said;
  }

  /** Tells the output since the last call; true at its end. */
  async readOn({ client, project }: GatewayLink, run: string): Promise<boolean> {
    const { pieces, ended } = await client.run.output.query({ project, run, after: this.#after });
    for (const { piece, body } of pieces) {
      this.#after = piece;
      const lines = (this.#line + body).split('\n');
      this.#line = lines.pop() ?? '';
      for (const one of lines) this.#said(textOf(one));
    }
    return ended && pieces.length === 0;
  }
}

/** The words of an agent are lines of JSON with `say`; other output is told unchanged. */
function textOf(line: string): string {
  try {
    const { say } = JSON.parse(line) as { say?: unknown };
    return typeof say === 'string' ? say : line;
  } catch {
    return line;
  }
}
