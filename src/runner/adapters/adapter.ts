import { jsonOf } from '../../lib/json.ts';
import type { RunFolder } from '../prepare/run-folder.ts';
import type { ClaimedTask, RunOrder } from '../protocol.ts';
import type { AgentReport } from '../supervise/watch.ts';

/** Everything that an adapter starts a program with. */
export interface AgentStart {
  readonly order: RunOrder;
  readonly place: RunFolder;
  readonly task: ClaimedTask | undefined;
  /** The gateway as the run reaches it. */
  readonly url: string;
  /** What the agent is told: prompt of the profile, mission, task. */
  readonly prompt: string;
  /** The search path of the run. */
  readonly path: string;
}

/** A program with its arguments, and what it gets of an environment beside what every run has. */
export interface AgentProgram {
  readonly program: string;
  readonly args: readonly string[];
  /** What it reads on its standard input, however long; nothing without. */
  readonly input?: string;
  readonly env: Readonly<Record<string, string>>;
  /** Files to be written before the start, by their path below the folder of the run. */
  readonly files: Readonly<Record<string, string>>;
  /** Folders that it must be able to read: where it is installed. */
  readonly visible: readonly string[];
}

/** How one kind of agent program is started and understood. */
export interface Adapter {
  prepare(start: AgentStart): AgentProgram;
  /** Reads what the program prints, line by line; what it does not understand says nothing. */
  reader(): (line: string) => AgentReport;
  /** Tells lines that say nothing to whoever reads the output of the run later. */
  isNoise?(line: string): boolean;
  /** Reads what the program writes of its usage into files while it works, where it does. */
  journal?(place: RunFolder): () => Promise<AgentReport>;
}

/** A line of JSON as an object, or undefined. */
export function jsonLine(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith('{') || line.length > 16 * 1024 * 1024) return undefined;
  const value = jsonOf(line);
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

/** A member that is a count, or 0. */
export const countOf = (from: unknown, member: string): number => {
  const value =
    typeof from === 'object' && from !== null ? (from as Record<string, unknown>)[member] : undefined;
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? Math.round(value) : 0;
};

/** A member that is an object, or undefined. */
export const objectOf = (from: unknown, member: string): Record<string, unknown> | undefined => {
  const value =
    typeof from === 'object' && from !== null ? (from as Record<string, unknown>)[member] : undefined;
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
};

/** A number of USD in millionths. */
export const usdMicro = (usd: unknown): number =>
  typeof usd === 'number' && Number.isFinite(usd) && usd > 0 ? Math.round(usd * 1_000_000) : 0;
