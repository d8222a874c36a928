import { turnFileOf } from '../loop-watch/loop-watch.ts';
import { type LongTurn, readTurns } from '../loop-watch/turn-file.ts';
import { type Finding, fault, note, ok } from './finding.ts';

const recentMs = 24 * 3_600_000;

/** Turns of the event loops of gateway and runner that used too much processor time in the last day. */
export function examineTurns(stateFolder: string, nowMs: number): Finding[] {
  return (['gateway', 'runner'] as const).map((process) => {
    const turns = readTurns(turnFileOf(stateFolder, process));
    return turnsFinding(
      process,
      turns.filter(({ at }) => nowMs - Date.parse(at) < recentMs),
    );
  });
}

function turnsFinding(process: string, turns: readonly LongTurn[]): Finding {
  const last = turns.at(-1);
  if (last === undefined) return ok('loop', process, 'turns');
  const times = `${turns.length} ${turns.length === 1 ? 'turn' : 'turns'} in the last day`;
  const found = `${times}, the last at ${last.at} with ${last.cpuSeconds} s of processor time`;
  const next = 'keep its log of that time, and report it with the log should it happen again';
  return turns.some(({ ended }) => ended)
    ? fault('loop', process, `ended itself: ${found}`, next)
    : note('loop', process, found, next);
}
