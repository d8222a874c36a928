import type { Command } from 'commander';
import { defined } from '../../lib/defined.ts';
import { type ChangeState, changeStates, isChangeEnd } from '../../tasks/states.ts';
import { act, group, leaf, type Run, wholeNumber } from '../command.ts';
import type { GatewayLink } from '../connect.ts';
import { dateWords } from '../dates.ts';
import { heldLease } from '../lease.ts';
import { printable, printableText } from '../printable.ts';
import { refusalLines } from '../refusal.ts';
import { short, stateCell, table } from '../table.ts';
import { headCommit } from '../work-tree.ts';
import type { World } from '../world.ts';

interface OfferOptions {
  readonly task?: string;
  readonly epoch?: number;
  readonly commit?: string;
  readonly artefact?: string;
}

/** The command `andon change`: commits offered for landing. */
export function changeCommand(world: World): Command {
  return group('change', 'changes: check, submit, show')
    .addCommand(
      offer(
        leaf(
          'submit',
          'offer a pushed commit for landing',
          'offers a pushed commit for landing; the lease ends, gates run',
        ),
      )
        .option('--artefact <where>', 'the place of the result, for a task that an artefact completes')
        .action(act<OfferOptions>(world, submit)),
    )
    .addCommand(
      offer(leaf('check', 'judge a pushed commit without offering it')).action(
        act<OfferOptions>(world, check),
      ),
    )
    .addCommand(listCommand(world))
    .addCommand(
      leaf('show', 'show a change with gates and verdicts')
        .argument('<change>')
        .action(act<object, [string]>(world, show)),
    )
    .addCommand(
      leaf('withdraw', 'take back a change that has not landed; its task is ready again')
        .argument('<change>')
        .requiredOption('--reason <text>', 'the reason, which the log keeps')
        .action(
          act<{ reason: string }, [string]>(world, async ({ link, options }, change) => {
            const { client, project } = await link();
            const data = await client.change.withdraw.mutate({ project, change, why: options.reason });
            const after = data.task === '' ? '' : `; ${data.task} is ready again`;
            return { data, lines: [`${short(data.change)}: withdrawn${after}`] };
          }),
        ),
    )
    .addCommand(
      leaf('diff', 'show the patch of a change')
        .argument('<change>')
        .option('--path <path>', 'one file, or the files below a folder')
        .option('--context <n>', 'lines around each difference', wholeNumber(0, 50))
        .option('--against <change>', 'another attempt at the task: what became of its commit since')
        .action(act<DiffOptions, [string]>(world, diff)),
    )
    .addCommand(
      leaf('checks', 'show a change beside the rules for its files and its code')
        .argument('<change>')
        .action(act<object, [string]>(world, checks)),
    );
}

const offer = (command: Command): Command =>
  command
    .option('--task <task>', 'the task (default: ANDON_TASK, the branch checked out, the one you hold)')
    .option('--epoch <n>', 'epoch of the lease', wholeNumber(1, 1_000_000_000))
    .option('--commit <id>', 'the commit (default: HEAD of the repository here)');

async function submit(run: Run<OfferOptions>) {
  const link = await run.link();
  const held = await heldLease(run, link, run.options);
  const { artefact } = run.options;
  const offered = artefact === undefined ? { commit: await commitOf(run) } : { artefact };
  const data = await link.client.change.submit.mutate({ project: link.project, ...held, ...offered });
  const gates = data.gates.length === 0 ? 'no gates' : `gates ${data.gates.join(', ')}`;
  return {
    data,
    lines: [`${short(data.change)}  ${held.task}  ${gates}`],
    talk: [
      `next: andon change show ${short(data.change)}`,
      `      andon verdict approve ${short(data.change)}   (a validator, when the gates have passed)`,
    ],
  };
}

const commitOf = async ({ options, world }: Run<OfferOptions>): Promise<string> =>
  options.commit ?? headCommit(world.cwd);

async function check(run: Run<OfferOptions>) {
  const link = await run.link();
  const held = await heldLease(run, link, run.options);
  const data = await link.client.change.check.query({
    project: link.project,
    ...held,
    commit: await commitOf(run),
  });
  const isSound = data.reasons.length === 0 && data.conflicts.length === 0 && data.offer === 'candidate';
  if (isSound) return { data, lines: ['nothing to refuse'] };
  const lines = [
    `${data.offer}${data.conflicts.length === 0 ? '' : `: ${data.conflicts.map(printable).join(', ')}`}`,
  ];
  if (data.reasons.length > 0) lines.push(...refusalLines(data.reasons, run.terminal.paint));
  return { data, lines, exit: 'refused' as const };
}

function listCommand(world: World): Command {
  return leaf('list', 'list the changes, the newest first')
    .option('--task <task>', 'only those of a task')
    .option('--state <state>', `one of ${changeStates.join(', ')}`)
    .option('--limit <n>', 'most rows to show', wholeNumber(1, 500))
    .action(
      act<{ task?: string; state?: ChangeState; limit?: number }>(
        world,
        async ({ link, options, terminal }) => {
          const { client, project } = await link();
          const { task, state, limit } = options;
          const rows = await client.change.list.query({
            project,
            ...defined({ task, state, limit }),
          });
          const cells = rows.map((row) => [
            short(row.id),
            stateCell(row.state),
            row.kind === 'sync' ? 'the upstream' : row.task,
            row.author,
            short(row.commitId),
            dateWords(row.createdAt),
          ]);
          const head = ['CHANGE', 'STATE', 'TASK', 'AUTHOR', 'COMMIT', 'SINCE'];
          return { data: rows, lines: table(head, cells, terminal.paint) };
        },
      ),
    );
}

type ChangeAnswer = Awaited<ReturnType<GatewayLink['client']['change']['show']['query']>>;

/** The words for what a merge with the upstream waits for. */
async function waits({ link }: Run<object>, { kind, id, state }: ChangeAnswer): Promise<[string, string][]> {
  if (kind !== 'sync' || isChangeEnd(state)) return [];
  const { client, project } = await link();
  return [['waits', (await client.change.why.query({ project, change: id })).why]];
}

async function show(run: Run<object>, change: string) {
  const { link, terminal } = run;
  const { client, project } = await link();
  const row = await client.change.show.query({ project, change });
  const facts: [string, string][] = [
    ['change', row.id],
    ['state', `${row.state}${row.landedCommit === null ? '' : ` as ${row.landedCommit}`}`],
    row.kind === 'sync'
      ? ['merges', `main ${row.base} and the upstream ${row.commitId}, by ${row.author}`]
      : ['task', `${row.task}, epoch ${row.epoch}, by ${row.author}`],
    ['commit', row.kind === 'sync' ? row.candidate : row.commitId],
    ['tree', row.tree],
    ...row.conflicts.map((path): [string, string] => ['conflict', path]),
    ...(await waits(run, row)),
  ];
  return {
    data: row,
    lines: [
      ...facts.map(([name, value]) => `${name.padEnd(8)} ${printable(value)}`),
      ...row.gates.flatMap((gate) => gateLines(gate, terminal.paint)),
      ...row.verdicts.map(
        (one) =>
          `verdict  ${one.approve ? 'approve' : 'reject'} by ${one.byAgent}: ${printable(one.reasons.join('; '))}`,
      ),
      ...landingLines(row.landing),
    ],
  };
}

/** The runs that vouch for a landed change, in the words of its commit. */
function landingLines(landing: ChangeAnswer['landing']): string[] {
  if (landing === null || landing.vouchedTree === null) return [];
  const { vouchedBy, vouchedTree, position, batch } = landing;
  const where = `on ${vouchedTree.slice(0, 12)}, position ${position} of ${batch}`;
  return vouchedBy.map((run) => `vouched  by ${run} ${where}`);
}

const outputLinesMax = 20;

function gateLines(
  gate: ChangeAnswer['gates'][number],
  paint: (tone: 'quiet', text: string) => string,
): string[] {
  const line = `gate     ${gate.gate}: ${gate.status}${gate.passedBy === null ? '' : ` by ${gate.passedBy}`}`;
  if (gate.status !== 'failed' || gate.output === null) return [line];
  const output = printableText(gate.output).trimEnd().split('\n').slice(-outputLinesMax);
  return [line, ...output.map((text) => paint('quiet', `         | ${text}`))];
}

interface DiffOptions {
  readonly path?: string;
  readonly context?: number;
  readonly against?: string;
}

async function checks({ link, terminal }: Run<object>, change: string) {
  const { client, project } = await link();
  const data = await client.change.checks.query({ project, change });
  const cells = data.rows.map(({ policy, passed, found, limit, subject }) => [
    stateCell(passed ? 'passed' : 'failed'),
    policy,
    printable(String(found)),
    printable(String(limit)),
    printable(subject),
  ]);
  const unmeasured = data.unmeasured.map(
    ({ path, language }) => `unmeasured: ${printable(path)} (${language})`,
  );
  const head = ['', 'RULE', 'FOUND', 'LIMIT', 'AT'];
  return { data, lines: [...table(head, cells, terminal.paint), ...unmeasured] };
}

async function diff({ link, options }: Run<DiffOptions>, change: string) {
  const { client, project } = await link();
  const { path, context, against } = options;
  const data = await client.change.diff.query({ project, change, ...defined({ path, context, against }) });
  const talk = data.truncated ? ['cut: fetch the branch to see all of it'] : [];
  return { data, lines: printableText(data.text).trimEnd().split('\n'), talk };
}
