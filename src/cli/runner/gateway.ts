import { generateKeyPairSync } from 'node:crypto';
import { type Client, createClient } from '../../client.ts';
import { createProver, proofFor } from '../../gateway/proof/proof.ts';
import { AndonError } from '../../lib/errors.ts';
import { durationMs } from '../../plan/plan.ts';
import type { RunMessage, RunnerGateway, RunOrder } from '../../runner/protocol.ts';
import { machineLimitsDefault } from '../../sandbox/machine-limits.ts';
import type { GatewayLink } from '../connect.ts';
import { follow } from '../follow.ts';
import { promptText } from '../join/texts.ts';
import { asAndonError } from '../refusal.ts';
import type { SeveralLink } from './several-gateways.ts';

type TakenAnswer = NonNullable<Awaited<ReturnType<Client['run']['take']['mutate']>>['taken']>;

/** A link that may lead to several gateways. */
export type RunnerLink = GatewayLink & Partial<Pick<SeveralLink, 'missed'>>;

/** The gateway for a runner, over the same router as for any client. */
export function runnerGateway(link: RunnerLink, runner: string): RunnerGateway {
  const { client, project, fetch } = link;
  const mine = (run: string) => ({ project, run, runner });
  const { url: base } = link;
  const as = (token: string): Client => createClient({ url: base, fetch, token: () => token });
  return {
    // Read anew for each connection: a link to several gateways goes on to the next.
    get url() {
      return link.url;
    },
    get agent() {
      return link.agent;
    },
    missed: (error) => link.missed?.(error),
    prover: gatewayProver(),
    take: async (adapters, signal) => {
      const wanted = { project, runner, adapters: [...adapters] };
      const { taken } = await client.run.take.mutate(wanted, { signal });
      return taken === null ? null : asOrder(taken, await promptFor(taken.profile));
    },
    start: async (run, { sandbox, epoch }, signal) => {
      const started = { ...mine(run), sandbox: sandbox as 'bubblewrap', epoch };
      await client.run.start.mutate(started, { signal });
    },
    beat: (run, report, signal) =>
      unlessLost(async () =>
        client.run.renew.mutate({ ...mine(run), ...report, usage: { ...report.usage } }, { signal }),
      ),
    context: async (run, report, signal) => {
      const parts = report.parts.map((part) => ({ ...part }));
      await client.run.context.mutate({ ...mine(run), ...report, parts }, { signal });
    },
    end: (run, report, signal) =>
      unlessLost(async () => client.run.end.mutate({ ...mine(run), ...report }, { signal })),
    claim: async (token, projectName, task, signal) => claim(as(token), projectName, task, signal),
    briefing: (token, projectName, signal) => briefingFor(as(token), projectName, signal),
    messages: async (token, projectName, after, signal) =>
      newer(await as(token).message.list.query({ project: projectName, limit: 100 }, { signal }), after),
    listen: async (heard, signal) => {
      for await (const { type, subject, actor } of follow(link, { project, signal })) {
        // The tokens of every run are revoked at its end; only a revocation by another actor may concern a
        // living run.
        const isRoutine = type === 'token.revoked' && actor.startsWith('runner:');
        if (!isRoutine) heard({ type, run: subject.replace(/^run\//, '') });
      }
    },
  };
}

/** Makes the key for the proxies of runs, which ends with this process; runs are told its fingerprint. */
function gatewayProver(): RunnerGateway['prover'] {
  const prover = createProver(generateKeyPairSync('ed25519').privateKey);
  return {
    fingerprint: prover.fingerprint,
    answer: (asked, authority) => proofFor(prover, asked, authority),
  };
}

async function claim(client: Client, project: string, named: string, signal: AbortSignal) {
  try {
    const { task, branch, reasons } = await client.task.claim.mutate({ project, task: named }, { signal });
    if (task === null || branch === null)
      throw new Error(reasons.map(({ rule, found }) => `${rule} (${found ?? ''})`).join('; '));
    return { ...task, branch };
  } catch (error) {
    const { reasons } = asAndonError(error);
    throw new Error(
      `claim of ${named}: ${reasons.map(({ code, found }) => `${code} ${found ?? ''}`).join('; ')}`,
    );
  }
}

/** The briefing of an agent; undefined from a gateway of an earlier version, and for a grant without the right. */
async function briefingFor(
  client: Client,
  project: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const { lines } = await client.briefing.show.query({ project }, { signal });
    return lines.map(({ text }) => text).join('\n');
  } catch (error) {
    if (signal.aborted) throw error;
    const unable: readonly string[] = ['request.path', 'grant.action'];
    if (asAndonError(error).reasons.every(({ code }) => unable.includes(code))) return undefined;
    throw error;
  }
}

/** Messages after the last one seen, the oldest first; reduced to the members that an agent reads. */
function newer(
  rows: Awaited<ReturnType<Client['message']['list']['query']>>,
  after: string | undefined,
): RunMessage[] {
  // Ids grow with time; the last one seen may have been read, and so be gone from the list.
  const fresh = rows.filter((row) => after === undefined || row.id > after);
  return fresh.map(({ id, kind, subject, title, body }) => ({ id, kind, subject, title, body })).reverse();
}

/** `lost` when the gateway says that this runner no longer holds the run; other errors are passed on. */
async function unlessLost<T>(work: () => Promise<T>): Promise<T | 'lost'> {
  try {
    return await work();
  } catch (error) {
    const known = error instanceof AndonError ? error : asAndonError(error);
    if (known.reasons.some(({ code }) => code === 'run.lost' || code === 'run.missing')) return 'lost';
    throw error;
  }
}

/** The prompt of a profile: the template that it names, followed by its own text. */
async function promptFor({ template, prompt }: TakenAnswer['profile']): Promise<string | undefined> {
  if (template === undefined) return prompt;
  const text = await promptText(template);
  return prompt === undefined ? text : `${text}\n${prompt}`;
}

function asOrder(
  {
    run,
    profile,
    token = '',
    expires,
    progress = { kind: 'tree' },
    limits = machineLimitsDefault,
    judges,
  }: TakenAnswer,
  prompt: string | undefined,
): RunOrder {
  const { id, project, agent, tier, role, adapter, model, task, change, mission, maxMs, leaseMs, attempt } =
    run;
  return {
    ...{
      id,
      project,
      agent,
      profile: run.profile,
      tier,
      role,
      adapter,
      model,
      task,
      change,
      mission,
      maxMs,
      leaseMs,
      attempt,
    },
    token,
    expires,
    progress,
    limits,
    judges,
    settings: {
      run: profile.run,
      program: profile.program,
      prompt,
      env: profile.env,
      pass: profile.pass,
      network: profile.network,
      idleMs: durationMs(profile.idle),
      autoTerminate: profile.autoTerminate,
      flatTurns: profile.flatTurns,
      usage: profile.usage ?? 'printed',
      refusesFolders: profile.context?.folders === 'refused',
      budget: budgetOf(profile),
    },
  };
}

const budgetOf = ({ budget, context }: TakenAnswer['profile']): RunOrder['settings']['budget'] => ({
  tokens: budget.tokens,
  usdMicro: budget.usd === undefined ? undefined : Math.round(budget.usd * 1_000_000),
  wallClockMs: budget.wallClock === undefined ? undefined : durationMs(budget.wallClock),
  context: context?.tokens,
  beforeProgress: Number.parseInt(budget.beforeFirstCommit, 10) / 100,
});
