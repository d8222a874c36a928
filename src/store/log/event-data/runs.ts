import type { Tier } from '../../../tiers/actions.ts';
import type { Audited, RevocationEntry, RunOf, Why } from './shared.ts';

/** Data of events about agents, their runs, and the messages between them. */
export interface RunData {
  'agent.terminated': Why & { readonly rows: readonly RevocationEntry[]; readonly runs: readonly string[] };
  'agent.updated': { readonly members: readonly string[] };
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
