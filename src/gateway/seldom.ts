const everyMs = 60_000;

/** Lets through what is told once a minute for each name: what fails every second would fill a log. */
export class Seldom {
  readonly #told = new Map<string, number>();

  /** True the first time, and again after a minute. */
  lets(name: string): boolean {
    const now = performance.now();
    const last = this.#told.get(name);
    if (last !== undefined && now - last < everyMs) return false;
    this.#told.set(name, now);
    return true;
  }
}
