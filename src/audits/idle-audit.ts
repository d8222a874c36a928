import { spanWords } from '../lib/durations.ts';
import type { AuditFinding } from './kinds.ts';
import { section } from './plan-audit.ts';

/** An agent that could work: it has a living run, or holds a task. */
export interface WatchedAgent {
  readonly agent: string;
  readonly task: string | null;
  readonly run: string | null;
  /** When anything of it was accepted last, or it began. */
  readonly lastAt: Date;
}

const idleTold = 4 * 3_600_000;

export interface Idle extends WatchedAgent {
  readonly idleMs: number;
}

/** Agents of which nothing was accepted for at least `overMs`, the longest first. */
export const idleAgents = (agents: readonly WatchedAgent[], now: Date, overMs: number): Idle[] =>
  agents
    .map((one) => ({ ...one, idleMs: now.getTime() - one.lastAt.getTime() }))
    .filter(({ idleMs }) => idleMs > overMs)
    .sort((one, other) => other.idleMs - one.idleMs);

/** Who does nothing, and for how long; work that nobody does although it is ready stands beside it. */
export function idleAudit(
  agents: readonly WatchedAgent[],
  ready: number,
  now: Date,
  overMs = idleTold,
): AuditFinding {
  const idle = idleAgents(agents, now, overMs);
  const rows = idle.map(
    ({ agent, task, idleMs }) =>
      `${agent}: nothing for ${spanWords(idleMs)}${task === null ? '' : `, holds ${task}`}`,
  );
  const over = spanWords(overMs);
  const title =
    idle.length === 0 ? `no agent idle for over ${over}` : `${idle.length} agents idle for over ${over}`;
  return {
    alert: idle.length > 0,
    title,
    body: [`${agents.length} agents at work, ${ready} tasks ready.`, ...section('Idle', rows)].join('\n'),
    result: { idle: idle.slice(0, 200), agents: agents.length, ready, overMs },
  };
}
