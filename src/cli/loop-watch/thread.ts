import { readFileSync, writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import { addTurn } from './turn-file.ts';
import { firstTurn, type LoopLook, nextTurn, type TurnLimits } from './turns.ts';

// The thread that watches the event loop of its process from outside: the loop itself cannot tell that it is
// stuck.

/** The values that the thread is started with. */
export interface Watched {
  readonly process: string;
  readonly file: string;
  readonly limits: TurnLimits;
  readonly lookMs: number;
  readonly beats: Int32Array;
  readonly marked: Int32Array;
}

const watched = workerData as Watched;
const never = new Int32Array(new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT));
const ticksMs = 10;

/** Processor time of the main thread; on systems other than Linux that of the whole process. */
function cpuMs(): number {
  try {
    const stat = readFileSync(`/proc/self/task/${process.pid}/stat`, 'latin1');
    const [user, system] = stat
      .slice(stat.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 13);
    return (Number(user) + Number(system)) * ticksMs;
  } catch {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000;
  }
}

const look = (): LoopLook => ({
  beats: Atomics.load(watched.beats, 0),
  cpuMs: cpuMs(),
  isMarked: Atomics.load(watched.marked, 0) > 0,
});

function tell(usedMs: number, ended: boolean): void {
  const cpuSeconds = Math.round(usedMs / 1000);
  const at = new Date().toISOString();
  addTurn(watched.file, { at, process: watched.process, pid: process.pid, cpuSeconds, ended });
  const msg = ended
    ? `the ${watched.process} ends itself: one turn of its loop used ${cpuSeconds} s of processor time`
    : `one turn of the loop of the ${watched.process} has used ${cpuSeconds} s of processor time`;
  writeSync(2, `${JSON.stringify({ level: ended ? 60 : 40, time: Date.parse(at), msg })}\n`);
}

let turn = firstTurn(look());
for (;;) {
  // Sleeps: nothing notifies this.
  Atomics.wait(never, 0, 0, watched.lookMs);
  const next = nextTurn(turn, look(), watched.limits);
  turn = next.turn;
  if (next.act !== undefined) tell(turn.usedMs, next.act === 'end');
  // A stuck loop receives no softer signal.
  if (next.act === 'end') process.kill(process.pid, 'SIGKILL');
}
