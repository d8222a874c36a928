import { mustAndon, say } from './tools.ts';

/** A message as the agents of the sample read it. */
export interface SampleMessage {
  readonly id: string;
  readonly kind: string;
  readonly subject: string;
  readonly title: string;
  readonly body: string;
}

const known = new Set<string>();

/**
 * The messages that have arrived in the agent's inbox since the last call, said aloud. Marks none as read:
 * that would be a sign of life.
 */
export async function newMessages(): Promise<SampleMessage[]> {
  const all = await mustAndon<SampleMessage[]>(['inbox', '--all']);
  const fresh = all.filter(({ id }) => !known.has(id)).reverse();
  for (const { id, kind, title, body } of fresh) {
    known.add(id);
    const last = body.trimEnd().split('\n').at(-1) ?? '';
    say(`[${kind}] ${title}${kind === 'alert' ? `\n${last}` : ''}`);
  }
  return fresh;
}
