import type { ChainedEvent } from '../../store/log/chain.ts';
import type { GatewayLink } from '../connect.ts';

/** The results of the sample, counted from the log alone. */
export interface Summary {
  readonly done: boolean;
  readonly tasks: number;
  readonly landed: number;
  /** Calls and pushes that were denied. */
  readonly refused: number;
  readonly pushesRefused: number;
  readonly rejected: number;
  readonly gatesFailed: number;
  /** Runs of agents that ended as they should. */
  readonly shipped: number;
  readonly events: number;
  readonly seconds: number;
}

const pageMax = 1000;

/** The whole log of the project. */
export async function wholeLog({ client, project }: GatewayLink): Promise<ChainedEvent[]> {
  const events: ChainedEvent[] = [];
  for (let after = 0; ; after = events.at(-1)?.position ?? after) {
    const page = await client.event.list.query({ project, after, limit: pageMax });
    events.push(...page.events);
    if (page.events.length < pageMax) return events;
  }
}

/** Reads the whole log of the project and counts. */
export async function summarise(
  link: GatewayLink,
  outcomes: readonly (string | undefined)[],
  seconds: number,
): Promise<Summary> {
  const tasks = await link.client.task.list.query({ project: link.project });
  const events = await wholeLog(link);
  const count = (holds: (event: ChainedEvent) => boolean): number => events.filter(holds).length;
  const landed = count(({ type }) => type === 'change.landed');
  return {
    done: areDone(tasks, landed) && outcomes.every((outcome) => outcome === 'shipped'),
    tasks: tasks.length,
    landed,
    refused: count(({ allowed }) => !allowed),
    pushesRefused: count(({ allowed, action }) => !allowed && action === 'repo:push'),
    rejected: count(({ type, data }) => type === 'verdict.given' && !data.approve),
    gatesFailed: count(({ type, data }) => type === 'gate.ended' && !data.passed),
    shipped: count(({ type, data }) => type === 'run.ended' && data.outcome === 'shipped'),
    events: events.length,
    seconds,
  };
}

const areDone = (tasks: readonly { readonly state: string }[], landed: number): boolean =>
  landed === tasks.length && tasks.every(({ state }) => state === 'done');
