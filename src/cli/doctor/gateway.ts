import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { createAgentFetch } from '../../gateway/proof/agent-fetch.ts';
import { fail } from '../../lib/errors.ts';
import { connect, type LinkOptions } from '../connect.ts';
import { asAndonError } from '../refusal.ts';
import type { World } from '../world.ts';
import { type Finding, fault, note, ok } from './finding.ts';
import { keptFindings } from './grants.ts';

const answerMsMax = 5_000;
/** Greatest difference of clocks that deadlines and tokens tolerate, in milliseconds. */
export const skewMsMax = 2_000;

/** A gateway that answered, with its database engine. */
export interface RunningGateway {
  readonly url: string;
  readonly engine: string;
}

/** Examines the gateway: a named one must answer and be ready; without one the finding is a note. */
export async function examineGateway(
  options: LinkOptions,
  world: World,
): Promise<{ findings: Finding[]; running?: RunningGateway }> {
  let url = '';
  try {
    const link = await connect(options, world);
    url = link.url;
    const { ready, dateMs } = await askReady(url);
    const findings = [
      readyFinding(url, ready),
      clockFinding('this machine and the gateway', dateMs - Date.now()),
    ];
    findings.push(await chainThere(link), ...(await keptThere(link)), ...(await upstreamThere(link)));
    return { findings, running: { url, engine: ready.engine } };
  } catch (error) {
    const { code, reasons } = asAndonError(error);
    const [{ found = '', next, subject }] = reasons;
    if (code === 'gateway.unreachable' && url === '')
      return { findings: [note('gateway', subject, String(found) || 'none', 'andon up starts one')] };
    return { findings: [fault('gateway', url || subject, `${code} ${found}`.trim(), next)] };
  }
}

interface Readiness {
  readonly ready: boolean;
  readonly engine: string;
  readonly feedSilentMs: number;
}

/** Connections of this request alone: the global fetch may be told to ask a proxy. */
const agentFor = (url: string): HttpAgent => (url.startsWith('https:') ? new HttpsAgent() : new HttpAgent());

async function askReady(url: string): Promise<{ ready: Readiness; dateMs: number }> {
  try {
    const answer = await createAgentFetch(agentFor(url))(`${url}/readyz`, {
      signal: AbortSignal.timeout(answerMsMax),
    });
    // The header has whole seconds; half of one is the best guess.
    const dateMs = Date.parse(answer.headers.get('date') ?? '') + 500;
    return { ready: (await answer.json()) as Readiness, dateMs };
  } catch (error) {
    const cause = asAndonError(error);
    throw fail('gateway.unreachable', url, { found: String(cause.reasons[0].found ?? cause.code) }, error);
  }
}

const readyFinding = (url: string, { ready, engine, feedSilentMs }: Readiness): Finding =>
  ready
    ? ok('gateway', url, `ready, on ${engine}`)
    : fault(
        'gateway',
        url,
        `its feed is silent for ${feedSilentMs} ms`,
        'look at the database and at the log of the gateway',
      );

/** The finding for a difference between two clocks, in milliseconds. */
export function clockFinding(subject: string, skewMs: number): Finding {
  const found = `${Math.round(skewMs)} ms apart`;
  if (Math.abs(skewMs) <= skewMsMax) return ok('clock', subject, found);
  return fault(
    'clock',
    subject,
    found,
    'set both clocks by NTP: leases and tokens end by the clock of the database',
  );
}

type DoctorLink = Awaited<ReturnType<typeof connect>>;

async function chainThere({ client, projectIfAny }: DoctorLink): Promise<Finding> {
  try {
    const result = await client.audit.verify.query({ project: projectIfAny ?? '*' });
    return result.below === null
      ? chainFinding('the log of the gateway', result)
      : belowFinding('the log of the gateway', result.below);
  } catch (error) {
    const known = asAndonError(error);
    if (known.code !== 'grant.tier' && known.code !== 'grant.action') throw error;
    return note(
      'chain',
      'the log of the gateway',
      'your token may not verify it',
      'ask with a token that may',
    );
  }
}

/** The finding for a log below its mark, which is kept outside the database. */
export const belowFinding = (subject: string, found: string): Finding =>
  fault('log', subject, found, 'bring back a better database, or: andon restore --here --reason "…"');

/** The open stop of a project whose upstream went another way. */
async function upstreamThere({ client, projectIfAny }: DoctorLink): Promise<Finding[]> {
  if (projectIfAny === undefined) return [];
  const { stops } = await client.cord.status.query({ project: projectIfAny });
  const next = 'andon sync --merge';
  return stops
    .filter(({ cause }) => cause === 'sync')
    .map(({ why }) => fault('upstream', projectIfAny, why, next));
}

async function keptThere({ client, projectIfAny }: DoctorLink): Promise<Finding[]> {
  try {
    return keptFindings(await client.token.kept.query({ project: projectIfAny ?? '*' }));
  } catch (error) {
    const known = asAndonError(error);
    if (!['grant.tier', 'grant.action', 'request.path'].includes(known.code)) throw error;
    return [note('grants', 'names and ends', 'your token may not list them', 'ask with a token that may')];
  }
}

/** The finding for the result of verifying the chain. */
export function chainFinding(
  subject: string,
  { fault: broken, events }: { fault: { position: number; found: string } | null; events: number },
): Finding {
  if (broken === null) return ok('chain', subject, `${events} events, unbroken`);
  return fault(
    'chain',
    subject,
    `broken at position ${broken.position}: ${broken.found}`,
    'keep this database for examination and restore a backup',
  );
}
