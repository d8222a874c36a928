import { judgeAll } from './judge.ts';
import { main, untilAllDone } from './tools.ts';

/** The validator: reads every change whose gates have passed, rejects unfinished work, approves the rest. */

main(async () => {
  await untilAllDone(['gate.passed', 'change.rebuilt', 'change.submitted'], async () => {
    await judgeAll();
  });
  return 'every change was read';
});
