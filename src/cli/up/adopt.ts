import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { App, Caller } from '../../app.ts';
import { leftOutWords } from '../../git/left-out.ts';
import { defined } from '../../lib/defined.ts';
import type { AndonError } from '../../lib/errors.ts';
import { runGit } from '../check/git.ts';
import type { UserRepository } from '../init/repository.ts';
import { asAndonError } from '../refusal.ts';
import { checkedOutBranch } from './checked-out.ts';

interface Settling {
  readonly repository: UserRepository;
  readonly project: string;
  readonly upstream: string | undefined;
  /** The branch to adopt; that which is checked out where the person stands without. */
  readonly branch: string | undefined;
}

/** Makes the project and applies its first plan, unless they exist. Answers the steps done, for people. */
export async function settle(
  app: App,
  { repository, project, upstream, branch }: Settling,
): Promise<string[]> {
  // Called in this process: over the network the client would have to trust the certificate that the gateway
  // was just given.
  const client = app.caller((await readFile(app.owner.file, 'utf8')).trim());
  const talk: string[] = [];
  const isNew = !(await isThere(client, project));
  if (isNew) {
    const wanted = branch ?? (await checkedOutBranch(repository.root));
    const source = { source: repository.root, ...defined({ upstream, branch: wanted }) };
    const made = await client.project.create({ project, ...source }).catch(async (error: unknown) => {
      // Another gateway that starts beside this one may be making the project.
      if (await comesSoon(client, project)) return undefined;
      throw error;
    });
    talk.push(
      made === undefined
        ? 'another gateway adopted it'
        : `adopted ${made.branch} at ${made.main.slice(0, 10)}`,
      ...(made === undefined ? [] : await leftOutWords((args) => runGit(repository.root, args), made.branch)),
    );
  }
  return [...talk, ...(await firstPlan(client, project, repository.plan, isNew))];
}

const isThere = async (client: Caller, project: string): Promise<boolean> =>
  (await client.project.list({})).some((one) => one.project === project);

const looksMax = 40;
const lookMs = 250;

async function comesSoon(client: Caller, project: string): Promise<boolean> {
  for (let look = 0; look < looksMax; look++) {
    if (await isThere(client, project)) return true;
    await delay(lookMs);
  }
  return false;
}

/**
 * The plan of the project in the database; this gateway's memory learns of a plan that another gateway made a
 * moment later.
 */
async function shownPlan(
  client: Caller,
  project: string,
): Promise<Awaited<ReturnType<Caller['plan']['show']>>> {
  for (let look = 1; ; look++) {
    try {
      return await client.plan.show({ project });
    } catch (error) {
      if (look >= looksMax || asAndonError(error).code !== 'project.missing') throw error;
      await delay(lookMs);
    }
  }
}

async function firstPlan(
  client: Caller,
  project: string,
  text: string | undefined,
  isNew: boolean,
): Promise<string[]> {
  const { plan } = await shownPlan(client, project);
  if (text === undefined) return plan === null ? ['no plan yet: andon init writes one'] : [];
  try {
    return plan === null ? await applyFirst(client, project, text) : await compare(client, project, text);
  } catch (error) {
    // A draft that was never applied keeps no gateway from coming back.
    const fault = asAndonError(error);
    if (isNew || !fault.code.startsWith('plan.')) throw error;
    return draftLines(fault, plan !== null);
  }
}

async function applyFirst(client: Caller, project: string, text: string): Promise<string[]> {
  const { added } = await client.plan.put({ project, text, reason: 'first start of andon up' });
  return [`applied andon.yaml: ${added.length} ${added.length === 1 ? 'task' : 'tasks'}`];
}

async function compare(client: Caller, project: string, text: string): Promise<string[]> {
  const { guards, added, changed, removed, hasOtherPhases } = await client.plan.diff({ project, text });
  const count = guards.length + added.length + changed.length + removed.length;
  return count === 0 && !hasOtherPhases
    ? []
    : ['andon.yaml differs from the applied plan: andon plan diff, andon plan apply'];
}

const draftLines = ({ reasons: [first] }: AndonError, isApplied: boolean): string[] => [
  `andon.yaml cannot be applied as it is (${first.subject}: ${first.found ?? first.rule}): andon plan check`,
  isApplied
    ? 'the line goes on with the plan that was applied last'
    : 'the project has no plan until one is applied',
];

/**
 * The project of a gateway whose andon.yaml cannot be read: the only project, or of several the one that the
 * draft still names. Throws `fault` when it cannot be told.
 */
export async function knownProject(app: App, text: string, fault: unknown): Promise<string> {
  const client = app.caller((await readFile(app.owner.file, 'utf8')).trim());
  const names = (await client.project.list({})).map(({ project }) => project);
  const drafted = /^project:[ \t]*["']?([a-z0-9][a-z0-9._-]*)/m.exec(text)?.[1];
  const found = names.find((name) => name === drafted) ?? (names.length === 1 ? names[0] : undefined);
  if (found === undefined) throw fault;
  return found;
}
