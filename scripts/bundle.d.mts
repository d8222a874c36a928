/** Modules that run as a process or thread of their own, by their path below `src` without the ending. */
export const processes: readonly string[];

/** Packs the folder of an empty database into a file, by a compiled `make-cluster` and the PGlite installed beside it. */
export function makeCluster(maker: string, file: string): void;

/** Bundles the sources below `src` into `to`, with the SQL of the migrations where their reader looks for it. */
export function bundle(folders: { readonly src: string; readonly to: string }): void;
