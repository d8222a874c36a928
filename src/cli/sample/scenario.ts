import type { GatewayLink } from '../connect.ts';
import { readPlan } from './example.ts';
import { tellRun } from './narrate.ts';
import type { Story } from './story.ts';
import { type Summary, summarise } from './summary.ts';

/** The gateway, clock and signal of a scenario. */
export interface Stage {
  readonly link: GatewayLink;
  readonly story: Story;
  /** The clock of the gateway, in seconds since 1970. */
  readonly nowSeconds: () => number;
  /** Aborts when the sample is interrupted. */
  readonly signal: AbortSignal;
}

/** A scenario to play on the sample's repository. */
export interface Scenario {
  /** The text of its andon.yaml. */
  plan(): string;
  /** Has the agents do all of the work; none outlives this call. */
  work(stage: Stage): Promise<readonly (string | undefined)[]>;
  /** Counts the results; `outcomes` are those of `work`. */
  summarise(link: GatewayLink, outcomes: readonly (string | undefined)[], seconds: number): Promise<Summary>;
}

const agentNames = ['lead', 'builder', 'reviewer'] as const;
const agentsMsMax = 5 * 60_000;

/** Six tasks, carried out by one agent of each tier. */
export const lineScenario: Scenario = { plan: () => readPlan('andon.yaml'), work, summarise };

/** Starts a run of each profile and waits until all have ended. */
async function work({ link, story, signal }: Stage): Promise<readonly (string | undefined)[]> {
  const { client, project } = link;
  const within = AbortSignal.any([signal, AbortSignal.timeout(agentsMsMax)]);
  const runs = await Promise.all(
    agentNames.map(async (name) => {
      const { run } = await client.agent.spawn.mutate({ project, profile: name });
      return { name, run };
    }),
  );
  return Promise.all(
    runs.map(({ name, run }) => tellRun(link, run, (text) => story.said(name, text), within)),
  );
}
