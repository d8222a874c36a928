import type { Agent } from 'node:http';
import type { MachineLimits } from '../sandbox/machine-limits.ts';
import type { LoggedEvent } from '../store/log/logged-event.ts';
import type { ContextReport } from './context/context-report.ts';

/** The order of a run, as the runner gets it. A port, so that the runner is an ordinary client of the gateway. */
export interface RunOrder {
  readonly id: string;
  readonly project: string;
  readonly agent: string;
  readonly profile: string;
  readonly tier: string;
  readonly role: string;
  readonly adapter: 'command' | 'claude' | 'codex';
  readonly model: string | null;
  readonly task: string | null;
  readonly change: string | null;
  /** The task of that change, and the lease under which it was made. */
  readonly judges: { readonly task: string; readonly epoch: number } | undefined;
  readonly mission: string | null;
  readonly maxMs: number;
  readonly leaseMs: number;
  readonly attempt: number;
  readonly token: string;
  /** End of the token, in seconds since 1970. */
  readonly expires: number;
  readonly settings: RunSettings;
  /** The measure of the run's progress. */
  readonly progress: ProgressMeasure;
  /** Limits on the run's share of the machine. */
  readonly limits: MachineLimits;
}

/** The measure that tells progress on a task: its tree, fewer failing tests, or the content of one file. */
export type ProgressMeasure =
  | { readonly kind: 'tree' }
  | {
      readonly kind: 'tests';
      readonly command: string;
      readonly timeoutMs: number;
      readonly network: boolean;
    }
  | { readonly kind: 'artefact'; readonly path: string };

/** The settings of a profile for starting and bounding a run. Durations in milliseconds, USD in millionths. */
export interface RunSettings {
  readonly run?: string | undefined;
  readonly program?: string | undefined;
  readonly prompt?: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly pass: readonly string[];
  readonly network: 'open' | readonly string[];
  readonly idleMs: number;
  readonly autoTerminate: boolean;
  readonly flatTurns: number;
  /** The source of the run's usage beside its output. */
  readonly usage: 'printed' | 'otel';
  /** True where loads of whole folders are refused. */
  readonly refusesFolders: boolean;
  readonly budget: {
    readonly tokens?: number | undefined;
    readonly usdMicro?: number | undefined;
    readonly wallClockMs?: number | undefined;
    /** The largest context of one answer of the model, in the input tokens that the program reports. */
    readonly context?: number | undefined;
    /** The share of each, 0 to 1, that may be spent before the first progress. */
    readonly beforeProgress: number;
  };
}

/** A task as it was claimed for a run. */
export interface ClaimedTask {
  readonly id: string;
  readonly title: string;
  readonly epoch: number;
  readonly branch: string;
  readonly write: readonly string[];
  readonly deny: readonly string[];
  readonly gates: readonly string[];
}

/** The cause for which the process of a run ended, as its runner saw it. */
export const endCauses = [
  /** The process ended by itself. */
  'exited',
  /** The process never started: the program is missing, the clone failed, the task was gone. */
  'spawn_failed',
  'timed_out',
  'idle',
  'over_budget',
  'no_progress',
  /** A principal asked for its end. */
  'stopped',
  /** Its work was handed over, and its profile ends runs after that. */
  'handed_over',
  'lost_lease',
  /** The runner itself was told to end. */
  'runner_ended',
] as const;

/** Cause for which the process of a run ended. */
export type EndCause = (typeof endCauses)[number];

/** Usage of a run since its start. USD in millionths. */
export interface RunUsage {
  readonly tokens: number;
  readonly usdMicro: number;
  readonly turns: number;
}

/** Reasons why there is no text of a verdict. */
export const fileProblems = ['missing', 'not_a_file', 'too_large'] as const;
/** Reason why there is no text of a verdict. */
export type FileProblem = (typeof fileProblems)[number];

/** The text of a verdict, or the reason why there is none. */
export type VerdictText = { readonly text: string } | { readonly problem: FileProblem };

/** A sign of life of a run: its usage so far, and its output since the last sign. */
export interface BeatReport {
  readonly usage: RunUsage;
  readonly progressed: boolean;
  readonly output: string[];
  readonly expires: number;
}

/** The gateway's answer to a sign of life: a wish to stop, the leases, the exceeded budgets. */
export interface BeatAnswer {
  readonly stop: { readonly by: string; readonly why: string } | null;
  readonly held: readonly { readonly id: string; readonly epoch: number }[];
  readonly spent: readonly string[];
  readonly token?: string | undefined;
  readonly expires: number | null;
}

/** The report of the end of a run. */
export interface EndReport {
  readonly cause: EndCause;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly usage: RunUsage;
  readonly output: string[];
  readonly note?: string;
  readonly verdict: VerdictText;
}

/**
 * The gateway, as a runner calls it. `lost` in the answer of a call means: this runner no longer holds the
 * run. A call whose signal aborts rejects at once: over a cut connection a call does not fail, it only stays
 * unanswered.
 */
export interface RunnerGateway {
  readonly url: string;
  /** Connects to the gateway only where its listener proves the key of the gateway. */
  readonly agent: Agent;
  /** Hears of a connection that failed, where another gateway may be reached. */
  missed?(error: unknown): void;
  /** Proves to the clients of a run that they speak to its proxy. */
  readonly prover: {
    /** Fingerprint of the key, for ANDON_GATEWAY_KEY of a run. */
    readonly fingerprint: string;
    /** The answer to a request for a proof; undefined for any other request. */
    answer(asked: string, authority: string): object | undefined;
  };
  take(adapters: readonly RunOrder['adapter'][], signal: AbortSignal): Promise<RunOrder | null>;
  start(run: string, started: { sandbox: string; epoch: number | null }, signal: AbortSignal): Promise<void>;
  beat(run: string, report: BeatReport, signal: AbortSignal): Promise<BeatAnswer | 'lost'>;
  /** Reports the context of a run. Rejects where the gateway takes no such report. */
  context(run: string, report: ContextReport, signal: AbortSignal): Promise<void>;
  end(
    run: string,
    report: EndReport,
    signal: AbortSignal,
  ): Promise<{ outcome: string; note: string } | 'lost'>;
  /** Claims a task with the token of the run. Rejects with the reasons when the run may not take the task. */
  claim(token: string, project: string, task: string, signal: AbortSignal): Promise<ClaimedTask>;
  /** The briefing of the run's agent as a text; undefined from a gateway that gives none. */
  briefing(token: string, project: string, signal: AbortSignal): Promise<string | undefined>;
  /** Messages for the agent that came after the last one seen. */
  messages(
    token: string,
    project: string,
    after: string | undefined,
    signal: AbortSignal,
  ): Promise<readonly RunMessage[]>;
  /** Calls back when there may be work, or when a run shall end, until the signal aborts. */
  listen(
    heard: (what: { type: LoggedEvent['type']; run: string }) => void,
    signal: AbortSignal,
  ): Promise<void>;
}

/** A message to an agent. */
export interface RunMessage {
  readonly id: string;
  readonly kind: string;
  readonly subject: string;
  readonly title: string;
  readonly body: string;
}
