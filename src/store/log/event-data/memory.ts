import type { OfTask } from './shared.ts';

/** Data of events about briefings, decisions and solutions. */
export interface MemoryData {
  /** An agent asked for more than the minimum. */
  'briefing.extended': {
    readonly topic: string;
    readonly cause: string;
    readonly why: string;
    readonly tokens: number;
  };
  /** A person's change landed another text of its file. */
  'decision.edited': { readonly file: string; readonly by: string };
  'decision.recorded': {
    readonly number: number;
    readonly question: string;
    readonly affects: readonly string[];
    readonly supersedes: string | null;
    /** The file that it came from. */
    readonly file?: string;
  };
  /** Somebody gave a solution its root cause and its fix in words. */
  'solution.described': { readonly cause: string; readonly fix: string };
  /** A gate passed that had failed for an earlier attempt at the task. */
  'solution.learned': OfTask & { readonly gate: string; readonly fingerprint: string };
}
