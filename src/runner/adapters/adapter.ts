import { jsonOf } from '../../lib/json.ts';
import type { RunFolder } from '../prepare/run-folder.ts';
import type { ClaimedTask, RunOrder } from '../protocol.ts';
import type { AgentReport } from '../supervise/watch.ts';

/** Everything that an adapter needs to start a program. */
export interface AgentStart {
  readonly order: RunOrder;
  readonly place: RunFolder;
  readonly task: ClaimedTask | undefined;
  /** URL of the gateway for the run. */
  readonly url: string;
  /** The instructions of the agent: prompt of the profile, mission, task. */
  readonly prompt: string;
  /** The search path of the run. */
  readonly path: string;
}

/** A program with its arguments, and its additions to the environment that every run has. */
export interface AgentProgram {
  readonly program: string;
  readonly args: readonly string[];
  /** Text for the program's standard input, of any length; none when absent. */
  readonly input?: string;
  readonly env: Readonly<Record<string, string>>;
  /** Files to be written before the start, by their path below the folder of the run. */
  readonly files: Readonly<Record<string, string>>;
  /** Folders that the program must be able to read: its installation. */
  readonly visible: readonly string[];
}

/** Starts one kind of agent program, and understands its output. */
export interface Adapter {
  prepare(start: AgentStart): AgentProgram;
  /** Creates a reader of the program's output, line by line; a line that it does not understand reports nothing. */
  reader(): (line: string) => AgentReport;
  /** True for lines without content for the people who read the run's output later. */
  isNoise?(line: string): boolean;
  /** Reads the program's usage from files that it writes while it works, for programs that do so. */
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

/** Converts a number of USD to millionths. */
export const usdMicro = (usd: unknown): number =>
  typeof usd === 'number' && Number.isFinite(usd) && usd > 0 ? Math.round(usd * 1_000_000) : 0;
