import type { WallAgent } from '../../../src/gateway/page/shapes.ts';

/** State of a tile: from what the log says, never from what a process says of itself. */
export type Mood = 'waits' | 'refused' | 'silent' | 'works' | 'rests';

/** Seconds without an accepted event after which an agent at work is silent. */
export const silentSeconds = 600;

/** True for an agent with a living run, or a task. */
const isAtWork = ({ runState, task }: WallAgent): boolean =>
  task !== null || (runState !== null && runState !== 'ended');

/** The mood of an agent at a time in milliseconds. */
export function moodOf(agent: WallAgent, nowMs: number): Mood {
  if (agent.waits !== null) return 'waits';
  if (!isAtWork(agent)) return 'rests';
  const since = agent.lastAt ?? agent.startedAt;
  if (since !== null && nowMs - Date.parse(since) > silentSeconds * 1000) return 'silent';
  return agent.refusals > 0 ? 'refused' : 'works';
}

const order: readonly Mood[] = ['waits', 'silent', 'refused', 'works', 'rests'];

/** Those that need somebody first. */
export const byNeed = (nowMs: number) => (one: WallAgent, other: WallAgent) =>
  order.indexOf(moodOf(one, nowMs)) - order.indexOf(moodOf(other, nowMs)) ||
  one.name.localeCompare(other.name);
