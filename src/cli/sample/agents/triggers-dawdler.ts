import { setTimeout as delay } from 'node:timers/promises';
import { newMessages } from './inbox.ts';
import { main, say } from './tools.ts';

/** An implementer that holds a task and does nothing for it, until its run is ended. */

main(async () => {
  say(`${process.env.ANDON_TASK} can wait; I think about it first`);
  for (;;) {
    const fresh = await newMessages();
    if (fresh.length > 0) say('yes, yes, soon');
    await delay(500);
  }
});
