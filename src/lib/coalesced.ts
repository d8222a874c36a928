/**
 * Runs a job one at a time; however often the job is asked for meanwhile, one more run follows. A run that
 * was asked for after something had happened therefore always begins after that event.
 */
export class Coalesced {
  readonly #run: () => Promise<void>;
  readonly #failed: (error: unknown) => void;
  #running: Promise<void> | undefined;
  #again = false;
  #closed = false;

  /** `failed` hears of a run that rejects; the next asking runs again. */
  constructor(run: () => Promise<void>, failed: (error: unknown) => void) {
    this.#run = run;
    this.#failed = failed;
  }

  /** Runs now, or once more after the run that is under way; settles when the present run has ended. Never rejects. */
  ask(): Promise<void> {
    if (this.#closed) return Promise.resolve();
    if (this.#running !== undefined) {
      this.#again = true;
      return this.#running;
    }
    this.#running = this.#run()
      .catch(this.#failed)
      .finally(() => {
        this.#running = undefined;
        if (!this.#again) return;
        this.#again = false;
        void this.ask();
      });
    return this.#running;
  }

  /** The run that is under way. */
  get running(): Promise<void> | undefined {
    return this.#running;
  }

  get isClosed(): boolean {
    return this.#closed;
  }

  /** Waits for the run that is under way; no run begins after this call, even one that was asked for. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running;
  }
}
