/** The database's clock between two readings: its last answer plus the time that has passed in this process since. */
export class DatabaseClock {
  #readMs: number;
  #at = performance.now();

  constructor(now: Date) {
    this.#readMs = now.getTime();
  }

  /**
   * Takes a reading, with the time at which it was asked for (performance.now()); the reading may set the
   * clock back.
   */
  set(now: Date, askedAt: number): void {
    // A reading asked for before the last one arrived may be older than that one.
    if (askedAt < this.#at) this.see(now);
    else this.#read(now);
  }

  /** Takes a reading that came along with other work, and late: it may move the clock ahead, and never back. */
  see = (now: Date): void => {
    if (now.getTime() > this.nowMs()) this.#read(now);
  };

  nowMs = (): number => this.#readMs + (performance.now() - this.#at);

  #read(now: Date): void {
    this.#readMs = now.getTime();
    this.#at = performance.now();
  }
}
