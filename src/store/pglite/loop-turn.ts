/** Milliseconds of statements after which the loop has its turn. Ten of them would take a fifth off the rate of claims. */
const turnMsMax = 50;

/**
 * Gives the event loop its turns between statements. PGlite works in this thread and answers by promises alone, so a row of
 * statements would end before any other call, timer or stream is heard.
 */
export class LoopTurn {
  #beganMs: number | undefined;

  /** Carries out a statement; its answer comes a turn later when this turn has lasted too long. */
  async of<T>(statement: () => Promise<T>): Promise<T> {
    this.#beganMs ??= this.#begun();
    try {
      return await statement();
    } finally {
      const beganMs = this.#beganMs ?? Number.POSITIVE_INFINITY;
      if (performance.now() - beganMs > turnMsMax) await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #begun(): number {
    setImmediate(() => {
      this.#beganMs = undefined;
    });
    return performance.now();
  }
}
