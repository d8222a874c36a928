import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TRPCClientError } from '@trpc/client';
import type { Client } from '../../src/client.ts';
import { type GitResult, git, mustGit, sourceRepository, write } from './gateway.ts';
import { planHead } from './plan-head.ts';

/** The address of a gateway for an agent; it changes whenever a killed gateway comes back. */
export interface Endpoint {
  readonly url: string;
  readonly owner: Client;
  client(token: string, requestId?: string): Client;
}

/** Acknowledged work, which must therefore persist for ever. */
export interface Ledger {
  readonly claims: { readonly task: string; readonly epoch: number; readonly agent: string }[];
  readonly pushes: { readonly ref: string; readonly commit: string }[];
  readonly submits: { readonly change: string; readonly task: string; readonly commit: string }[];
  readonly verdicts: { readonly change: string }[];
}

export const emptyLedger = (): Ledger => ({ claims: [], pushes: [], submits: [], verdicts: [] });

export const project = 'shop';

/**
 * A plan of independent tasks, `t0` to `t<count-1>`, each with a separate folder; an empty gate command means
 * no gate.
 */
export const planOf = (count: number, gate = 'true', lease = '60s'): string => `
${planHead({ project })}
lease: ${lease}
${gate === '' ? '' : `gates:\n  ok: { run: "${gate}", timeout: 1m }`}
tasks:
${Array.from({ length: count }, (_, n) => `  t${n}: { title: Task ${n}, phase: build, write: ["src/t${n}/**"], gates: [${gate === '' ? '' : 'ok'}] }`).join('\n')}
`;

export interface Agent {
  readonly name: string;
  readonly token: string;
  readonly folder: string;
}

/** Adopts a small repository, applies the plan, mints agents and one reviewer. */
export async function prepareLine(
  endpoint: Endpoint,
  plan: string,
  agentsCount: number,
): Promise<{ agents: Agent[]; reviewer: string }> {
  const source = await sourceRepository({ 'README.md': '# shop\n' });
  await endpoint.owner.project.create.mutate({ project, source });
  await endpoint.owner.plan.put.mutate({ project, text: plan });
  const mint = async (agent: string, tier: 'implementer' | 'validator'): Promise<string> =>
    (await endpoint.owner.token.mint.mutate({ project, agent, cap: { tier } })).token ?? '';
  const agents: Agent[] = [];
  for (let n = 0; n < agentsCount; n++) {
    const folder = mkdtempSync(join(tmpdir(), 'andon-agent-'));
    agents.push({ name: `agent:a${n}`, token: await mint(`agent:a${n}`, 'implementer'), folder });
  }
  return { agents, reviewer: await mint('agent:reviewer', 'validator') };
}

/** Tries a call until it is answered: under the same request id, so that a lost answer is given again. */
export type Persist = <T>(call: (endpoint: Endpoint, requestId: string) => Promise<T>) => Promise<T>;

export interface Work {
  readonly task: string;
  readonly epoch: number;
  readonly change: string;
  readonly tree: string;
}

const newRequest = (): string => randomBytes(8).toString('hex');

/** Carries out one task with one agent: claim, commit, push, submit; writes down every acknowledgement. */
export async function workOnce(
  agent: Agent,
  persist: Persist,
  ledger: Ledger,
  wanted?: string,
  more: Readonly<Record<string, string>> = {},
): Promise<Work | undefined> {
  const claimed = await persist((endpoint, requestId) =>
    endpoint
      .client(agent.token, requestId)
      .task.claim.mutate({ project, ...(wanted === undefined ? {} : { task: wanted }) }),
  );
  if (claimed.task === null) return undefined;
  const { id: task, epoch } = claimed.task;
  ledger.claims.push({ task, epoch, agent: agent.name });
  const commit = await commitFor(agent, persist, task, epoch, more);
  const ref = `refs/heads/${claimed.branch}`;
  await pushUntilIn(agent, persist, `${commit}:${ref}`);
  ledger.pushes.push({ ref, commit });
  const submitted = await persist((endpoint, requestId) =>
    endpoint.client(agent.token, requestId).change.submit.mutate({ project, task, epoch, commit }),
  );
  ledger.submits.push({ change: submitted.change, task, commit });
  return { task, epoch, change: submitted.change, tree: submitted.tree };
}

export async function commitFor(
  agent: Agent,
  persist: Persist,
  task: string,
  epoch: number,
  more: Readonly<Record<string, string>> = {},
): Promise<string> {
  const clone = join(agent.folder, 'clone');
  await persist(async (endpoint) => {
    const auth = { url: endpoint.url, token: agent.token };
    const remote = `${endpoint.url}/git/${project}.git`;
    if (!existsSync(clone)) await mustGit(agent.folder, ['init', '-q', '-b', 'work', 'clone']);
    await mustGit(clone, ['fetch', '-q', remote, '+refs/heads/main:refs/remotes/origin/main'], auth);
  });
  await mustGit(clone, ['checkout', '-q', '-f', '-B', 'work', 'origin/main']);
  write(clone, { [`src/${task}/work.ts`]: `export const epoch = ${epoch};\n`, ...more });
  await mustGit(clone, ['add', '-A']);
  await mustGit(clone, ['commit', '-q', '-m', `${task} ${epoch}`]);
  return mustGit(clone, ['rev-parse', 'HEAD']);
}

/** A push whose answer got lost is repeated: then everything is up to date. */
async function pushUntilIn(agent: Agent, persist: Persist, refspec: string): Promise<void> {
  await persist(async (endpoint) => {
    const remote = `${endpoint.url}/git/${project}.git`;
    const pushed: GitResult = await git(join(agent.folder, 'clone'), ['push', '-q', remote, refspec], {
      url: endpoint.url,
      token: agent.token,
    });
    if (pushed.code !== 0) throw new PushFailed(pushed.err);
  });
}

/** A push that did not go through, with the output of git. */
export class PushFailed extends Error {}

/** Approves a change once its gates have passed; the change's state shows a verdict whose answer got lost. */
export async function approveOnce(
  reviewer: string,
  persist: Persist,
  ledger: Ledger,
  work: { readonly change: string },
): Promise<void> {
  await persist(async (endpoint, requestId) => {
    const change = await endpoint.client(reviewer).change.show.query({ project, change: work.change });
    if (change.state === 'gating') throw new NotYet(`change ${work.change} is gating`);
    if (change.state !== 'judging') return;
    const asked = { project, change: work.change, tree: change.tree };
    await endpoint.client(reviewer, requestId).verdict.approve.mutate(asked);
  });
  ledger.verdicts.push(work);
}

/** Waits until a change is on main. */
export async function untilLanded(
  reviewer: string,
  persist: Persist,
  work: { readonly change: string },
): Promise<void> {
  await persist(async (endpoint) => {
    const { state } = await endpoint.client(reviewer).change.show.query({ project, change: work.change });
    if (state !== 'landed') throw new NotYet(`change ${work.change} is ${state}`);
  });
}

/** An expected event has not happened yet; worth asking again. */
export class NotYet extends Error {}

const passing = new Set(['store.unavailable', 'gateway.unready', 'git.busy']);

/** True when asking again may help: there was no answer, or the answer says so. */
function mayPass(error: unknown): boolean {
  if (error instanceof NotYet) return true;
  if (error instanceof TRPCClientError) {
    const code = (error.data as { andon?: { code: string } } | undefined)?.andon?.code;
    return code === undefined || passing.has(code);
  }
  // The gateway died under git, or git met files that only the next sweep removes.
  return (
    error instanceof Error && (!/refused task\//.test(error.message) || error.message.includes('git.busy'))
  );
}

/** Tries a call at the present gateway, until it is answered; rejects at once with an answer that will stay. */
export const persistOn =
  (endpoint: () => Endpoint | Promise<Endpoint>, withinMs = 60_000): Persist =>
  async (call) => {
    const requestId = newRequest();
    const end = performance.now() + withinMs;
    for (;;) {
      try {
        return await call(await endpoint(), requestId);
      } catch (error) {
        if (!mayPass(error) || performance.now() > end) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  };
