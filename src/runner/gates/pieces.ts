import type { OutputTap } from '../../sandbox/output-tap.ts';

/** A piece of the output of a gate under way. */
export interface GatePiece {
  readonly run: string;
  readonly text: string;
  /** True for the first piece: it begins with all so far. */
  readonly isFirst: boolean;
}

/** The next piece of each gate that somebody follows; the taps of the others are closed. */
export function piecesOf(
  taps: readonly { readonly run: string; readonly tap: OutputTap }[],
  kept: readonly { readonly run: string; readonly followed: boolean }[],
): GatePiece[] {
  const followed = new Set(kept.flatMap((one) => (one.followed ? [one.run] : [])));
  return taps.flatMap(({ run, tap }): GatePiece[] => {
    if (!followed.has(run)) {
      tap.close();
      return [];
    }
    const isFirst = !tap.isOpen;
    const text = tap.take();
    return text === '' && !isFirst ? [] : [{ run, text, isFirst }];
  });
}
