/** The database's clock between two readings: its last answer plus what has passed here since. */
export class DatabaseClock {
  #readMs: number;
  #at = performance.now();

  constructor(now: Date) {
    this.#readMs = now.getTime();
  }

  /** A reading, and when it was asked for (performance.now()); it may set the clock back. */
  set(now: Date, askedAt: number): void {
    // What was asked for before the last reading came may be older than that.
    if (askedAt < this.#at) this.see(now);
    else this.#read(now);
  }

  /** A reading that came along with other work, and late: the clock may have gone ahead, and is never behind it. */
  see = (now: Date): void => {
    if (now.getTime() > this.nowMs()) this.#read(now);
  };

  nowMs = (): number => this.#readMs + (performance.now() - this.#at);

  #read(now: Date): void {
    this.#readMs = now.getTime();
    this.#at = performance.now();
  }
}
