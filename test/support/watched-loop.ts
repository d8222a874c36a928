// A process whose loop is watched: `spin` never turns again, `marked` spins inside a long statement and then
// turns, `turn` uses as much processor time in many turns.
import { watchLoop } from '../../src/cli/loop-watch/loop-watch.ts';
import { longStatement } from '../../src/store/long-statement.ts';

const [, , what, file = ''] = process.argv;
watchLoop({ process: 'gateway', file, limits: { tellMs: 1_000, endMs: 3_000 } });

function spin(cpuMs: number): void {
  const start = process.cpuUsage();
  for (;;) {
    const { user, system } = process.cpuUsage(start);
    if ((user + system) / 1000 >= cpuMs) return;
  }
}

// The first beat has to come, so that the watched turn is one that began under watch.
setTimeout(async () => {
  console.log('spins');
  if (what === 'spin') spin(Number.POSITIVE_INFINITY);
  if (what === 'marked') await longStatement(async () => spin(6_000));
  for (let n = 0; what === 'turn' && n < 12; n++) {
    spin(500);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  console.log('turns');
}, 1_500);
