/**
 * Number of long statements that are running. Shared memory, so that a thread that watches the process can
 * read it.
 */
export const longStatements = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));

/**
 * Runs work with statements that may keep the process busy for minutes, as migrations and restores of an
 * embedded database do: the watcher of the process's loop then does not take the process for one that spins.
 */
export async function longStatement<T>(work: () => Promise<T>): Promise<T> {
  Atomics.add(longStatements, 0, 1);
  try {
    return await work();
  } finally {
    Atomics.sub(longStatements, 0, 1);
  }
}
