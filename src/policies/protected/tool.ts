/** One tool, and the files by which a repository steers it. */
export interface SteeredTool {
  /** The word under which `unprotect` names it. */
  readonly name: string;
  /** The page of its documentation that names the files. */
  readonly docs: string;
  /**
   * Globs of the files, in lower case, at any depth: a name (`makefile`), a pattern of names (`*.mk`), a path (`vendor/modules.txt`)
   * or everything in a folder (`.github/**`).
   */
  readonly files: readonly string[];
}

/** Shorthand so that a tool stays one entry; the files are words of one text. */
export const tool = (name: string, docs: string, files: string): SteeredTool => ({
  name,
  docs: `https://${docs}`,
  files: files.split(/\s+/).filter((file) => file !== ''),
});
