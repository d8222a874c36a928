import type { Caused, Explained, OfTrigger, Stopped } from './shared.ts';

/** Data of events about stops and triggers. */
export interface StopData {
  'cord.cleared': Stopped & { readonly seconds: number; readonly rootCause?: Explained };
  /** Either a new stop, or an open one that the same person pulled once more. */
  'cord.pulled': Stopped &
    ({ readonly cause: string; readonly about: string; readonly told: number } | { readonly count: number });
  'trigger.created': OfTrigger & { readonly source: string; readonly spec: object };
  'trigger.deleted': OfTrigger;
  'trigger.delivered': Caused & {
    readonly slot: string;
    readonly kind: string;
    readonly target: string;
    readonly ok: boolean;
    readonly status: string;
    readonly tries: number;
  };
  'trigger.fired': Caused & {
    readonly slot: string;
    readonly does: string;
    readonly made?: string;
    readonly task?: string;
  };
  'trigger.held': OfTrigger & { readonly count: number };
  'trigger.missed': OfTrigger & { readonly missed: number };
  'trigger.paused': OfTrigger;
  'trigger.refused': Caused & { readonly slot: string; readonly code: string; readonly outcome?: string };
  'trigger.resumed': OfTrigger;
}
