import type { Command } from 'commander';
import type { ExitName } from '../../lib/code-row.ts';
import { codes } from '../../lib/codes/index.ts';
import type { Reason } from '../../lib/decision.ts';
import { defined } from '../../lib/defined.ts';
import { durationPattern } from '../../lib/durations.ts';
import { fail } from '../../lib/errors.ts';
import { taskWords } from '../../messages/task-words.ts';
import type { EventType } from '../../store/log/events.ts';
import { taskStates } from '../../tasks/states.ts';
import { act, durationSeconds, leaf, type Run } from '../command.ts';
import type { GatewayLink } from '../connect.ts';
import { dateWords } from '../dates.ts';
import { follow, untilInterrupted } from '../follow.ts';
import { printable } from '../printable.ts';
import { asAndonError, refusalLines } from '../refusal.ts';
import { whileKept } from '../token/keep-token.ts';
import type { World } from '../world.ts';

interface ClaimOptions {
  readonly lease?: number;
  readonly wait?: boolean;
  readonly timeout?: number;
  readonly untilDone?: boolean;
}

type ClaimAnswerOfTask = Awaited<ReturnType<GatewayLink['client']['task']['claim']['mutate']>>;

/** The command `andon task claim`. */
export function claimCommand(world: World): Command {
  return leaf('claim', 'take the most urgent task that is ready, or the one named')
    .argument('[task]')
    .option(
      '--lease <duration>',
      'duration of the lease without renewal (default: that of the plan)',
      durationSeconds,
    )
    .option('--wait', 'wait until a task can be claimed')
    .option('--timeout <duration>', 'with --wait: give up after this time (exit 3)', durationSeconds)
    .option('--until-done', 'with --wait: give up once every task is done or abandoned (exit 8)')
    .action(
      act<ClaimOptions, [string?]>(world, async (run, task) => {
        onlyWithWait(run.options);
        const link = await run.link();
        const claimed =
          run.options.wait === true
            ? await whileKept(link, world, () => claimWaiting(run, link, task)).catch(orTime(task))
            : await claimOnce(run, link, task);
        if (claimed.task !== null) return taken(link, claimed);
        return nothing(run, claimed);
      }),
    );
}

/** Refuses an option that says how long to wait where nothing waits. Errors: `cli.usage`. */
function onlyWithWait({ wait, timeout, untilDone }: ClaimOptions): void {
  if (wait === true) return;
  const given = timeout !== undefined ? '--timeout' : untilDone === true ? '--until-done' : undefined;
  if (given === undefined) return;
  throw fail('cli.usage', given, {
    found: 'no --wait',
    next: `andon task claim --wait ${given === '--timeout' ? '--timeout 10m' : given}`,
  });
}

function claimOnce(
  { options }: Run<ClaimOptions>,
  { client, project }: GatewayLink,
  task: string | undefined,
): Promise<ClaimAnswerOfTask> {
  return client.task.claim.mutate({
    project,
    ...defined({ task, leaseSeconds: options.lease }),
  });
}

const isTime = (text: string): boolean => /^\d+$/.test(text) || durationPattern.test(text);

/** A time behind `--wait` is read as a task: where there is none of that name, the error tells where a time goes. */
const orTime =
  (task: string | undefined) =>
  (error: unknown): never => {
    const isMissing = asAndonError(error).reasons.some(({ code }) => code === 'task.missing');
    if (!isMissing || !isTime(task ?? '')) throw error;
    const next = 'a time stands behind --timeout: andon task claim --wait --timeout 10m';
    throw fail('cli.usage', '--wait', { found: `${task}, which is read as a task`, next }, error);
  };

/** Events that can make a task claimable. */
const wakers: readonly EventType[] = [
  'agent.terminated',
  'change.landed',
  'change.refused',
  'change.submitted',
  'cord.cleared',
  'lease.expired',
  'phase.opened',
  'plan.applied',
  'task.abandoned',
  'task.done',
  'task.readied',
  'task.released',
  'task.stolen',
];

/** Tries again after every event that can help. The position is taken before the first try, so no event is missed. */
async function claimWaiting(
  run: Run<ClaimOptions>,
  link: GatewayLink,
  task: string | undefined,
): Promise<ClaimAnswerOfTask> {
  const { client, project } = link;
  const { position } = await client.project.status.query({ project });
  const tellWaiting = waitingTold(run);
  const attempt = async (): Promise<ClaimAnswerOfTask | undefined> => {
    const tried = await tryClaim(run, link, task);
    if (tried.task !== null) return tried;
    const ended = await nothingLeft(run, link);
    if (ended === undefined) tellWaiting(tried.reasons);
    return ended;
  };
  const first = await attempt();
  if (first !== undefined) return first;
  const end = untilInterrupted(run.options.timeout);
  try {
    for await (const _event of follow(link, {
      project,
      after: position,
      types: wakers,
      signal: end.signal,
    })) {
      const claimed = await attempt();
      if (claimed !== undefined) return claimed;
    }
  } finally {
    end.release();
  }
  throw fail('cli.cancelled', task === undefined ? 'andon task claim' : `task/${task}`, {
    found: end.isTimedOut() ? 'nothing to take in time' : 'interrupted',
  });
}

const open = taskStates.filter((state) => state !== 'done' && state !== 'abandoned');

/** The answer that nothing can be taken, once no task is left whose end could make another one ready. */
async function nothingLeft(
  { options }: Run<ClaimOptions>,
  { client, project }: GatewayLink,
): Promise<ClaimAnswerOfTask | undefined> {
  if (options.untilDone !== true) return undefined;
  const { total } = await client.task.page.query({ project, q: { states: open }, limit: 1 });
  return total === 0 ? { task: null, branch: null, reasons: [] } : undefined;
}

const waitable: ReadonlySet<ExitName> = new Set<ExitName>(['nothing', 'stopped']);

/** A claim, or an answer without a task, with the reasons, when waiting could help. */
async function tryClaim(
  run: Run<ClaimOptions>,
  link: GatewayLink,
  task: string | undefined,
): Promise<ClaimAnswerOfTask> {
  try {
    return await claimOnce(run, link, task);
  } catch (error) {
    const { reasons } = asAndonError(error);
    if (!reasons.every(({ code }) => waitable.has(codes[code].exit))) throw error;
    return { task: null, branch: null, reasons: [...reasons] };
  }
}

/** Tells what keeps work away, and again once it is something else. */
function waitingTold({ terminal }: Run<ClaimOptions>): (reasons: readonly Reason[]) => void {
  let told: string | undefined;
  return (reasons) => {
    const codesNow = reasons.map(({ code }) => code).join(' ');
    if (codesNow === told) return;
    told = codesNow;
    terminal.talk(['nothing to take yet; waiting', ...refusalLines(reasons, terminal.paintTalk)].join('\n'));
  };
}

function nothing({ terminal }: Run<ClaimOptions>, claimed: ClaimAnswerOfTask) {
  const why = claimed.reasons.length === 0 ? [] : refusalLines(claimed.reasons, terminal.paintTalk);
  // A stop is reported only if nothing else keeps work away.
  const stopped = claimed.reasons.some(({ code }) => code === 'line.stopped');
  const talk = stopped
    ? ['the line is stopped', ...why]
    : ['nothing to take', ...why, 'andon task next tells what the others wait for'];
  return { data: claimed, talk, exit: stopped ? ('stopped' as const) : ('nothing' as const) };
}

function taken({ url, project }: GatewayLink, claimed: ClaimAnswerOfTask) {
  const { task, branch } = claimed;
  const words = task === null ? [] : taskWords(task);
  const lines = [
    `${task?.id}  epoch ${task?.epoch}  until ${dateWords(task?.leaseUntil ?? '-')}`,
    `write   ${task?.write.join(', ') || '-'}`,
    `branch  ${branch}`,
    ...words.map(printable),
  ];
  const talk = [
    `next: andon git clone ${url}/git/${project}.git   (once; then cd ${project})`,
    `      andon git push origin HEAD:refs/heads/${branch}`,
    '      andon change submit',
  ];
  return { data: claimed, lines, talk };
}
