import { spanWords } from '../lib/durations.ts';
import type { AuditFinding } from './kinds.ts';
import { section } from './plan-audit.ts';

/** An agent that could work: it has a living run, or holds a task. */
export interface WatchedAgent {
  readonly agent: string;
  readonly task: string | null;
  readonly run: string | null;
  /** Time of the agent's last accepted action, or of its beginning. */
  readonly lastAt: Date;
}

const idleTold = 4 * 3_600_000;

/** An idle agent, with the milliseconds since its last accepted action. */
export interface Idle extends WatchedAgent {
  readonly idleMs: number;
}

/** Agents without an accepted action for at least `overMs`, the longest idle first. */
export const idleAgents = (agents: readonly WatchedAgent[], now: Date, overMs: number): Idle[] =>
  agents
    .map((one) => ({ ...one, idleMs: now.getTime() - one.lastAt.getTime() }))
    .filter(({ idleMs }) => idleMs > overMs)
    .sort((one, other) => other.idleMs - one.idleMs);

/** Audits idle agents and the length of their idleness, beside the ready work that nobody does. */
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
