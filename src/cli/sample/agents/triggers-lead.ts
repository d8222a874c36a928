import { setTimeout as delay } from 'node:timers/promises';
import { newMessages, type SampleMessage } from './inbox.ts';
import { main, mustAndon, type SampleTask, say } from './tools.ts';

/** The executive: gives a task away, reads its inbox, and ends the run that lets the deadline come near. */

interface RunningAgent {
  readonly id: string;
  readonly agent: string;
  readonly task: string | null;
}

async function takeBack({ subject }: SampleMessage): Promise<void> {
  const task = subject.replace(/^task\//, '');
  const runs = await mustAndon<RunningAgent[]>(['run', 'list', '--state', 'running', '--task', task]);
  for (const { id, agent } of runs) {
    say(`${agent} has done nothing for ${task}: its run ends here`);
    await mustAndon(['run', 'stop', id, '--why', `${task} is due, and nothing was done`]);
  }
}

const isDone = (tasks: readonly SampleTask[]): boolean => tasks.every(({ state }) => state === 'done');

main(async () => {
  say('format goes to the dawdler');
  await mustAndon(['agent', 'spawn', 'dawdler', '--task', 'format']);
  do {
    const fresh = await newMessages();
    for (const message of fresh.filter(({ kind }) => kind === 'deadline')) await takeBack(message);
    await delay(500);
  } while (!isDone(await mustAndon<SampleTask[]>(['task', 'list'])));
  await mustAndon(['report', 'write', 'report', '--title', 'The plan is done', '--body', 'In time.']);
  return 'the plan is done in time';
});
