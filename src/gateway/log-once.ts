import type { Logger } from 'pino';
import { codeOf } from '../lib/causes.ts';

const everyMs = 60_000;

/** Logs a repeating failure once a minute: a failure every second would fill a log overnight. */
export class LogOnce {
  readonly #log: Logger;
  readonly #told = new Map<string, number>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Logs the first failure of its kind, by code, at a place, and the next after a minute. */
  error(error: unknown, place: Readonly<Record<string, string>>, what: string): void {
    // The text of the error does not count, since it may name another file each time.
    const kind = JSON.stringify([what, place, codeOf(error) || nameOf(error)]);
    const now = performance.now();
    const last = this.#told.get(kind);
    if (last !== undefined && now - last < everyMs) return;
    this.#told.set(kind, now);
    this.#log.error({ err: error, ...place }, what);
  }
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '');
