/**
 * Wakes one waiter. A ring is remembered until somebody waits, so that nothing that happens between two looks
 * is slept through; a wait consumes the ring, so that no bell rings for ever.
 */
export class Bell {
  #rung = false;
  #waiting: (() => void) | undefined;

  ring(): void {
    this.#rung = true;
    this.#waiting?.();
  }

  /** Resolves at the next ring, or at once when it rang since the last wait. */
  async heard(): Promise<void> {
    if (!this.#rung) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
    this.#rung = false;
    this.#waiting = undefined;
  }
}
