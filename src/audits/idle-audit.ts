import { spanWords } from '../lib/durations.ts';
import type { AuditFinding } from './kinds.ts';
import { section } from './plan-audit.ts';

/** An agent that could work: it has a living run, holds a task, or could take one that is ready. */
export interface WatchedAgent {
  readonly agent: string;
  readonly task: string | null;
  readonly run: string | null;
  /**
   * Time of the agent's last accepted action, or of its beginning; of an agent without work at the earliest that
   * of the ready task that it could take.
   */
  readonly lastAt: Date;
  /** A ready task that the agent could take, and holds none. */
  readonly couldTake: string | null;
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
  const rows = idle.map((one) => `${one.agent}: nothing for ${spanWords(one.idleMs)}${workWords(one)}`);
  const over = spanWords(overMs);
  const atWork = agents.filter(({ couldTake }) => couldTake === null).length;
  const title =
    idle.length === 0
      ? `no agent idle for over ${over}`
      : `${idle.length} ${idle.length === 1 ? 'agent' : 'agents'} idle for over ${over}`;
  return {
    alert: idle.length > 0,
    title,
    body: [`${atWork} agents at work, ${ready} tasks ready.`, ...section('Idle', rows)].join('\n'),
    result: { idle: idle.slice(0, 200), agents: atWork, ready, overMs },
    isNew: false,
    facts: idle.map(({ agent, task, run }) => [agent, task, run]).sort(),
  };
}

const workWords = ({ task, couldTake }: WatchedAgent): string => {
  if (task !== null) return `, holds ${task}`;
  return couldTake === null ? '' : `, holds nothing, and ${couldTake} is ready`;
};
