import type { ChangeSize } from '../../git/change-size.ts';

/** The part of a submission that names the offered commit. */
export interface OfferInput {
  readonly project: string;
  readonly task: string;
  readonly epoch: number;
  readonly commit?: string | undefined;
  readonly artefact?: string | undefined;
}

/** The result of merging the offered commit with the present main; immutable facts of both commits. */
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

/** A file that a patch changes, with the lines that it adds and takes away. */
export interface PatchFile {
  readonly path: string;
  readonly status: 'added' | 'modified' | 'deleted';
  readonly plus: number;
  readonly minus: number;
  readonly binary: boolean;
}

/** The patch of a change, for reading. */
export interface Patch {
  readonly files: readonly PatchFile[];
  readonly text: string;
  readonly truncated: boolean;
}
