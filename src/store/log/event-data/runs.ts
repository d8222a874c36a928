import type { Tier } from '../../../tiers/actions.ts';
import type { Audited, RevocationEntry, RunOf, Why } from './shared.ts';

/** Sizes of the context of a run: tokens as its program reported them, characters as they were counted; used is a lower bound. */
export interface ContextSizes {
  readonly firstTokens: number | null;
  readonly mostTokens: number | null;
  readonly lastTokens: number | null;
  readonly loads: number;
  readonly loadedCharacters: number;
  readonly usedCharacters: number;
}

/** Data of events about agents, their runs, and the messages between them. */
export interface RunData {
  'agent.terminated': Why & { readonly rows: readonly RevocationEntry[]; readonly runs: readonly string[] };
  /** With the task and the lease that a checkpoint belongs to. */
  'agent.updated': { readonly members: readonly string[]; readonly task?: string; readonly epoch?: number };
  'audit.ended': Audited & {
    readonly state: string;
    readonly alert: boolean;
    readonly title: string;
    readonly trigger: string | null;
    readonly askedBy: string;
    /** True when the audit before found the same, of which nobody is told again. */
    readonly again?: boolean;
  };
  'audit.requested': Audited & { readonly trigger?: string };
  'message.read': { readonly messages: readonly string[] };
  'message.sent': {
    readonly to: string;
    readonly kind: string;
    readonly title: string;
    readonly about: string;
  };
  'report.written': { readonly kind: string; readonly title: string };
  'run.loaded': {
    readonly agent: string;
    readonly profile: string;
    readonly task: string | null;
    readonly epoch: number | null;
    readonly context: ContextSizes;
  };
  'run.ended': RunOf & {
    readonly profile: string;
    readonly trigger: string | null;
    readonly attempt: number;
    readonly depth: number;
    readonly outcome: string;
    readonly note: string;
    readonly contradiction: boolean;
    readonly cause: string;
    readonly exitCode: number | null;
    readonly signal: string | null;
    readonly usage: { readonly tokens: number; readonly usdMicro: number; readonly turns: number };
    /** Null where the program shows nothing of its context; absent in rows of earlier versions. */
    readonly context?: ContextSizes | null;
    /** The result in the run's verdict, or the problem with the verdict. */
    readonly said: string;
    /** Confidence in the run's verdict, if the run left one. */
    readonly confidence?: number | null;
    readonly implications?: readonly string[];
    readonly output?: string | null;
    readonly truth: {
      readonly pushes: number;
      readonly submitted: number;
      readonly produced: number;
      readonly lostTask: boolean;
      readonly waitsForAnswer: boolean;
      readonly judgements?: number;
      readonly changeWaits?: boolean;
    };
    /** The id of the next attempt. */
    readonly retry: string | null;
  };
  'run.requested': RunOf & {
    readonly change: string | null;
    readonly trigger: string | null;
    readonly attempt: number;
    readonly retryOf: string | null;
    readonly profile: string;
    readonly tier: Tier;
    readonly role: string;
    readonly adapter: string;
    readonly model: string;
    readonly grant: string;
    readonly depth: number;
  };
  'run.started': RunOf & {
    readonly runner: string;
    readonly sandbox: string;
    readonly epoch: number | null;
  };
  'run.stopped': Why & { readonly by: string };
  'run.taken': RunOf & { readonly runner: string };
}
