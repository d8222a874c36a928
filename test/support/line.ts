import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TRPCClientError } from '@trpc/client';
import type { Client } from '../../src/client.ts';
import type { Reason } from '../../src/lib/decision.ts';
import { statement } from '../../src/store/store.ts';
import type { ChangeState } from '../../src/tasks/states.ts';
import type { WireCapabilityRequest } from '../../src/tiers/capability-schema.ts';
import { type Engine, shiftClock } from './engines.ts';
import {
  mustGit,
  sourceRepository,
  startTestGateway,
  type TestGateway,
  type TestGatewayOptions,
  write,
} from './gateway.ts';
import { waitUntil } from './wait.ts';

interface MintInput {
  readonly cap: Partial<WireCapabilityRequest>;
  readonly profile: string;
  readonly lifeSeconds: number;
  readonly grantSeconds: number;
}

/** A bearer of a token: an agent at work. */
export interface Hand {
  readonly agent: string;
  readonly grant: string;
  readonly token: string;
  readonly client: Client;
}

/** A change as it was offered. */
export interface Offered {
  readonly change: string;
  readonly tree: string;
  readonly candidate: string;
  readonly commit: string;
  readonly epoch: number;
}

/** A gateway with one project, its plan applied, and the agents that work on it. */
export interface Line extends TestGateway {
  readonly project: string;
  /** Mints a token for an agent; `by` mints it, or the owner when absent. */
  mint(agent: string, cap?: MintInput['cap'], more?: Partial<MintInput>, by?: Client): Promise<Hand>;
  /** A commit with these files on top of main (or of `onto`); null deletes. */
  commit(files: Readonly<Record<string, string>>, onto?: string): Promise<string>;
  push(hand: Hand, branch: string, commit?: string): Promise<void>;
  /** Claims the task, commits, pushes and submits. */
  offer(hand: Hand, task: string, files: Readonly<Record<string, string>>, onto?: string): Promise<Offered>;
  change(id: string): ReturnType<Client['change']['show']['query']>;
  until(change: string, state: ChangeState): Promise<void>;
  task(id: string): ReturnType<Client['task']['show']['query']>;
  main(): Promise<string>;
  /** Committed events of the project, sequenced or not. */
  events(): Promise<Recorded[]>;
}

/** An event as the table holds it. */
export interface Recorded {
  readonly id: string;
  readonly type: string;
  readonly actor: string;
  readonly gid: string | null;
  readonly allowed: boolean;
  readonly subject: string;
  // biome-ignore lint/suspicious/noExplicitAny: each type of event carries members of its own
  readonly data: Record<string, any>;
}

export interface LineOptions extends TestGatewayOptions {
  readonly plan: string;
  readonly project?: string;
  readonly files?: Readonly<Record<string, string>>;
  /** A repository of somebody else's, in the place of a small one. */
  readonly source?: string;
}

export const openLine = async (engine: Engine, options: LineOptions): Promise<Line> =>
  lineOn(await startTestGateway(engine, options), options);

/** Makes the project of the options on a gateway that runs; the line closes it. */
export async function lineOn(gateway: TestGateway, options: LineOptions): Promise<Line> {
  const project = options.project ?? 'shop';
  const own = options.source === undefined;
  const source = options.source ?? (await sourceRepository({ 'README.md': '# shop\n', ...options.files }));
  await gateway.owner.project.create.mutate({ project, source });
  await gateway.owner.plan.put.mutate({ project, text: options.plan });
  const folder = mkdtempSync(join(tmpdir(), 'andon-work-'));
  const clone = join(folder, 'clone');
  await mustGit(folder, ['clone', '-q', source, 'clone']);
  await mustGit(clone, ['remote', 'set-url', 'origin', `${gateway.url}/git/${project}.git`]);
  return {
    ...gateway,
    project,
    ...handsOn(gateway, project, clone),
    ...looksAt(gateway, project),
    close: async () => {
      await gateway.close();
      for (const one of own ? [folder, source] : [folder]) rmSync(one, { recursive: true, force: true });
    },
  };
}

const recorded = statement(
  'test.events',
  'select id, type, actor, gid, allowed, subject, data from events where project = $1 order by seq',
);

function handsOn(gateway: TestGateway, project: string, clone: string) {
  const owner = () => ({ url: gateway.url, token: gateway.ownerToken() });
  const mint: Line['mint'] = async (agent, cap = {}, more = {}, by = gateway.owner) => {
    const minted = await by.token.mint.mutate({ project, agent, cap, ...more });
    const token = minted.token ?? '';
    return { agent, grant: minted.grant, token, client: gateway.client(token) };
  };
  const commit: Line['commit'] = async (files, onto) => {
    await mustGit(clone, ['fetch', '-q', 'origin', 'main'], owner());
    await mustGit(clone, ['checkout', '-q', '--detach', onto ?? 'FETCH_HEAD']);
    write(clone, files);
    await mustGit(clone, ['add', '-A']);
    await mustGit(clone, ['commit', '-q', '-m', `work on ${Object.keys(files).join(', ')}`]);
    return mustGit(clone, ['rev-parse', 'HEAD']);
  };
  const push: Line['push'] = async (hand, branch, oid = 'HEAD') => {
    const auth = { url: gateway.url, token: hand.token };
    await mustGit(clone, ['push', '-q', '-f', 'origin', `${oid}:refs/heads/${branch}`], auth);
  };
  const offer: Line['offer'] = async (hand, task, files, onto) => {
    const claimed = await hand.client.task.claim.mutate({ project, task });
    const epoch = claimed.task?.epoch ?? 0;
    const oid = await commit(files, onto);
    await push(hand, claimed.branch ?? '', oid);
    const { change, tree, candidate } = await hand.client.change.submit.mutate({
      project,
      task,
      epoch,
      commit: oid,
    });
    return { change, tree, candidate, commit: oid, epoch };
  };
  return { mint, commit, push, offer };
}

function looksAt(gateway: TestGateway, project: string) {
  const { owner, app } = gateway;
  const change: Line['change'] = (id) => owner.change.show.query({ project, change: id });
  return {
    change,
    until: async (id: string, state: ChangeState): Promise<void> => {
      let last: unknown;
      await waitUntil(async () => {
        last = await change(id);
        return (last as { state: string }).state === state;
      }).catch((error: unknown) => {
        throw new Error(`${String(error)}; not ${state}: ${JSON.stringify(last)}`);
      });
    },
    task: (task: string) => owner.task.show.query({ project, task }),
    main: () => app.gateway.git.main(project),
    events: () => app.gateway.store.rows<Recorded>(recorded, [project]),
  };
}

const readClock = statement('test.clock', 'select andon_now() as now');

/** Lets time pass in the database, and in the memory of these gateways too. */
export async function passTime(ms: number, ...gateways: TestGateway[]): Promise<void> {
  const store = gateways[0]?.app.gateway.store;
  if (store === undefined) throw new Error('no gateway whose time could pass');
  await shiftClock(store, ms);
  const [row] = await store.rows<{ now: Date }>(readClock);
  for (const { app } of gateways) app.gateway.seeTime(row?.now ?? new Date(Number.NaN));
}

/** The reasons that a call is refused with; fails when it is not refused. */
export async function refusal(call: Promise<unknown>): Promise<readonly Reason[]> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof TRPCClientError)) throw error;
    const data = error.data as { andon?: { reasons?: readonly Reason[] } } | null;
    if (data?.andon?.reasons === undefined) throw error;
    return data.andon.reasons;
  }
  throw new Error('the call was allowed');
}

/** The codes of a refusal, in its order. */
export const codesOf = async (call: Promise<unknown>): Promise<string[]> =>
  (await refusal(call)).map(({ code }) => code);
