import { setTimeout as delay } from 'node:timers/promises';
import type { GatewayLink } from '../../connect.ts';
import { tellRun } from '../narrate.ts';
import type { Scenario, Stage } from '../scenario.ts';
import { deadlineSeconds, triggersPlan, withDeadline } from './plan.ts';
import { summariseTriggers } from './summary.ts';

const everyMs = 400;
const agentsMsMax = 150_000;

/** Three tasks, and triggers of each kind that handle failures of their work. */
export const triggersScenario: Scenario = {
  plan: triggersPlan,
  work: async (stage) => {
    const within = AbortSignal.any([stage.signal, AbortSignal.timeout(agentsMsMax)]);
    const over = new AbortController();
    const told = tellRuns({ ...stage, signal: AbortSignal.any([within, over.signal]) });
    try {
      await play({ ...stage, signal: within });
    } finally {
      over.abort();
    }
    return told;
  },
  summarise: (link, _outcomes, seconds) => summariseTriggers(link, seconds),
};

async function play({ link, story, nowSeconds, signal }: Stage): Promise<void> {
  const { client, project } = link;
  for (const profile of ['lead', 'builder']) await client.agent.spawn.mutate({ project, profile });
  await until(async () => (await alive(link)).some(isDawdling), signal);
  story.step(`format is promised: its deadline is in ${deadlineSeconds} s`);
  const deadline = new Date((nowSeconds() + deadlineSeconds) * 1000);
  await client.plan.put.mutate({ project, text: withDeadline(deadline) });
  await until(async () => {
    const tasks = await client.task.list.query({ project });
    return tasks.every(({ state }) => state === 'done');
  }, signal);
  // Endless triggers are paused, so that the remaining runs can end.
  for (const name of ['review', 'idle']) await client.trigger.pause.mutate({ project, name });
  await until(async () => (await alive(link)).length === 0, signal);
}

const alive = async ({ client, project }: GatewayLink) =>
  (await client.run.list.query({ project, states: ['waiting', 'taken', 'running'] })).runs;

const isDawdling = ({ profile, state }: { profile: string; state: string }): boolean =>
  profile === 'dawdler' && state === 'running';

async function until(holds: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !(await holds()))
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
}

/** Tells every run that an agent or a trigger starts, until the signal; answers their outcomes. */
async function tellRuns({ link, story, signal }: Stage): Promise<readonly (string | undefined)[]> {
  const told = new Map<string, Promise<string | undefined>>();
  const look = async (): Promise<boolean> => {
    const { runs } = await link.client.run.list.query({ project: link.project, limit: 200 });
    for (const { id, profile, role } of [...runs].reverse()) {
      const who = role === 'DEBUGGER' ? 'debugger' : profile;
      if (!told.has(id))
        told.set(
          id,
          tellRun(link, id, (text) => story.said(who, text), signal),
        );
    }
    return false;
  };
  await until(look, signal);
  return Promise.all(told.values());
}
