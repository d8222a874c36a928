import { readFileSync, writeFileSync } from 'node:fs';

/** A turn of an event loop that used too much processor time. Times in ISO 8601. */
export interface LongTurn {
  readonly at: string;
  readonly process: string;
  readonly pid: number;
  readonly cpuSeconds: number;
  readonly ended: boolean;
}

const kept = 50;

/** The last long turns, the oldest first; none when there is no such file. */
export function readTurns(file: string): LongTurn[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LongTurn);
  } catch {
    return [];
  }
}

/** Adds a turn, and keeps the last fifty. Never throws: the watched process may be the only part that works. */
export function addTurn(file: string, turn: LongTurn): void {
  try {
    const lines = [...readTurns(file).slice(1 - kept), turn].map((one) => `${JSON.stringify(one)}\n`);
    writeFileSync(file, lines.join(''), { mode: 0o600 });
  } catch {
    // The log on standard error has the turn too.
  }
}
