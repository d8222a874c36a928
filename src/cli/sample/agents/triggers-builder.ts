import { setTimeout as delay } from 'node:timers/promises';
import { type Attempt, readAttempts } from '../example.ts';
import { push } from './push.ts';
import { main, mustAndon, type SampleTask, say } from './tools.ts';

/**
 * An implementer. Without a task it writes the guide and breaks the build twice; started for a task, after
 * two failed builds or before a deadline, it carries that task out.
 */

interface SampleClaim {
  readonly task: { readonly id: string; readonly epoch: number } | null;
  readonly branch: string | null;
}

interface BuilderTask {
  readonly task: string;
  readonly epoch: string;
  readonly branch: string;
}

const everyMs = 300;
const { broken, sound } = readAttempts().triggers;

async function handOver({ task, epoch, branch }: BuilderTask, attempt: Attempt | undefined): Promise<void> {
  if (attempt === undefined || !(await push(attempt, branch))) throw new Error(`${task} was not taken`);
  await mustAndon(['change', 'submit', '--task', task, '--epoch', epoch]);
  say(`submitted ${task}`);
}

/** Claims a task once it is ready: a task that is still at its gates is refused, and not waited for. */
async function claim(named: string): Promise<BuilderTask> {
  const isReady = async (): Promise<boolean> =>
    (await mustAndon<SampleTask[]>(['task', 'list', '--state', 'ready'])).some(({ id }) => id === named);
  while (!(await isReady())) await delay(everyMs);
  const { task, branch } = await mustAndon<SampleClaim>(['task', 'claim', named]);
  if (task === null || branch === null) throw new Error(`${named} was not given`);
  return { task: task.id, epoch: String(task.epoch), branch };
}

async function ownWork(): Promise<string> {
  await handOver(await claim('guide'), sound.guide);
  for (const attempt of broken) await handOver(await claim('parse'), attempt);
  return 'the guide is written; parse fails its tests, I cannot see why';
}

async function given(task: string): Promise<string> {
  const { ANDON_EPOCH: epoch = '', ANDON_BRANCH: branch = '', ANDON_ROLE: role } = process.env;
  say(role === 'DEBUGGER' ? `two builds of ${task} failed: let me see` : `${task} is mine now`);
  await handOver({ task, epoch, branch }, sound[task]);
  return `${task} is handed over`;
}

main(() => {
  const { ANDON_TASK: task } = process.env;
  return task === undefined ? ownWork() : given(task);
});
