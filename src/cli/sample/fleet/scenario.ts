import type { GatewayLink } from '../../connect.ts';
import { readPlan } from '../example.ts';
import { tellRun } from '../narrate.ts';
import type { Scenario, Stage } from '../scenario.ts';
import { type Summary, summarise } from '../summary.ts';

const stockers = 12;
const agentsMsMax = 10 * 60_000;

/** Twelve agents land twenty tasks through the queue; two of the tasks are right alone and wrong together. */
export const fleetScenario: Scenario = { plan: () => readPlan('andon-fleet.yaml'), work, summarise: summary };

async function work({ link, story, signal }: Stage): Promise<readonly (string | undefined)[]> {
  const { client, project } = link;
  const within = AbortSignal.any([signal, AbortSignal.timeout(agentsMsMax)]);
  const profiles = ['reviewer', ...Array.from({ length: stockers }, () => 'stocker')];
  const runs = await Promise.all(
    profiles.map(async (profile) => (await client.agent.spawn.mutate({ project, profile })).run),
  );
  return Promise.all(
    runs.map((run, at) =>
      tellRun(link, run, (text) => story.said(at === 0 ? 'reviewer' : `agent ${at}`, text), within),
    ),
  );
}

/** An agent that found nothing to do has not shipped; the tasks tell when all is done. */
async function summary(
  link: GatewayLink,
  _outcomes: readonly (string | undefined)[],
  seconds: number,
): Promise<Summary> {
  return summarise(link, [], seconds);
}
