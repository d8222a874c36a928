import type { ContextSizes } from '../../store/log/event-data/runs.ts';

/** Ways in which an agent's program comes to a part of its context. */
export const loadKinds = ['prompt', 'file', 'search', 'command', 'andon', 'tool'] as const;
/** Way in which a program comes to a part of its context. */
export type LoadKind = (typeof loadKinds)[number];

/**
 * Signs that a loaded part was used: its file was edited; its file was named later; an identifier that no other part has was
 * used later.
 */
export const useSigns = ['edited', 'cited', 'reused'] as const;
/** Sign that a loaded part was used. */
export type UseSign = (typeof useSigns)[number];

/** A part of the context of a run. */
export interface LoadedPart {
  readonly kind: LoadKind;
  /** The path of a file, the text of a command or search, the name of a tool. */
  readonly source: string;
  /** Words of the agent before the first load of it; empty where it said none. */
  readonly why: string;
  readonly loads: number;
  readonly characters: number;
  /** Null where no sign of use was seen, which does not say that it was not used. */
  readonly used: UseSign | null;
}

/** The context of a run, as its program showed it. */
export interface ContextReport extends ContextSizes {
  /** The largest parts. */
  readonly parts: readonly LoadedPart[];
  /** The number of parts left out. */
  readonly more: number;
}

/** Bounds of a report. */
export const contextBounds = { partsMax: 100, sourceMax: 300, whyMax: 200 } as const;
