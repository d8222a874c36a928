import type { ChangeSize } from '../../git/change-size.ts';

/** What a submit names. */
export interface OfferInput {
  readonly project: string;
  readonly task: string;
  readonly epoch: number;
  readonly commit?: string | undefined;
  readonly artefact?: string | undefined;
}

/** What became of the offered commit on today's main; immutable facts of the commit and the main it was merged with. */
export type Offer =
  | {
      readonly kind: 'candidate';
      readonly commit: string;
      readonly base: string;
      readonly candidate: string;
      readonly tree: string;
      readonly size: ChangeSize;
    }
  | { readonly kind: 'conflict'; readonly commit: string; readonly paths: readonly string[] }
  | { readonly kind: 'unpushed'; readonly commit: string; readonly prefix: string }
  | { readonly kind: 'empty'; readonly commit: string }
  | { readonly kind: 'artefact' };

export interface Patch {
  readonly files: readonly { readonly path: string; readonly status: 'added' | 'modified' | 'deleted' }[];
  readonly text: string;
  readonly truncated: boolean;
}
