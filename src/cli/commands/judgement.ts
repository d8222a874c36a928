import type { Command } from 'commander';
import { defined } from '../../lib/defined.ts';
import { tookWords } from '../../lib/durations.ts';
import { fail } from '../../lib/errors.ts';
import { act, group, leaf, many, type Run } from '../command.ts';
import type { GatewayLink } from '../connect.ts';
import { printable, printableText } from '../printable.ts';
import { short, stateCell, table } from '../table.ts';
import type { World } from '../world.ts';
import { followCommand, rerunCommand, runnersCommand } from './gate-runners.ts';

interface JudgeOptions {
  readonly tree?: string;
  readonly ownWork?: boolean;
  readonly note?: string;
  readonly reason?: string[];
  readonly gate?: string[];
}

/** The change under judgement: its whole id, and the tree that the judgement binds. */
async function lookAt({ client, project }: GatewayLink, change: string, tree: string | undefined) {
  const shown = await client.change.show.query({ project, change });
  return { project, change: shown.id, tree: tree ?? shown.tree };
}

const judging = (command: Command): Command =>
  command
    .argument('<change>')
    .option('--tree <tree>', 'the tree that you judged; refused when the candidate has changed')
    .option('--own-work', 'a lone human judges work of their own; it is recorded');

const ownWorkOf = ({ ownWork }: JudgeOptions) => (ownWork === true ? { ownWork } : {});

/** The command `andon gate check`. */
const checkCommand = (world: World): Command =>
  leaf(
    'check',
    'run a gate of a task on your work tree',
    'runs a gate of a task on a copy of your work tree, before you submit. The gateway hears nothing of it: its own run on the candidate decides.',
  )
    .argument('<task>')
    .argument('<gate>')
    .action(
      act<object, [string, string]>(world, async ({ link }, task, gate) => {
        const { client, project } = await link();
        const { plan } = await client.plan.show.query({ project });
        if (plan === null) throw fail('plan.missing', `plan/${project}`);
        const { checkGate } = await import('../gate/check-gate.ts');
        return checkGate(plan, world.cwd, task, gate);
      }),
    );

/** The command `andon gate`. */
export function gateCommand(world: World): Command {
  return group('gate', 'gates of a change')
    .addCommand(
      leaf('list', 'list the gates of a change')
        .argument('<change>')
        .action(
          act<object, [string]>(world, async ({ link, terminal }, change) => {
            const { client, project } = await link();
            const rows = await client.gate.list.query({ project, change });
            const cells = rows.map((row) => [
              row.gate,
              stateCell(row.status),
              row.ms === null ? '-' : tookWords(row.ms),
              row.manual ? (row.passedBy ?? 'by hand') : sandboxWords(row.sandboxed),
              whereWords(row),
            ]);
            const head = ['GATE', 'STATE', 'TOOK', 'HOW', 'WHERE'];
            return { data: rows, lines: table(head, cells, terminal.paint) };
          }),
        ),
    )
    .addCommand(
      leaf('show', 'show a gate with its output')
        .argument('<change>')
        .argument('[gate]', 'default: every gate')
        .action(act<object, [string, string?]>(world, showGates)),
    )
    .addCommand(followCommand(world))
    .addCommand(runnersCommand(world))
    .addCommand(rerunCommand(world))
    .addCommand(checkCommand(world))
    .addCommand(
      judging(leaf('pass', 'pass a manual gate'))
        .argument('<gate>')
        .option('--note <text>', 'your observations')
        .action(
          act<JudgeOptions, [string, string]>(world, async ({ link, options }, change, gate) => {
            const at = await link();
            const seen = await lookAt(at, change, options.tree);
            const note = defined({ note: options.note });
            const data = await at.client.gate.pass.mutate({ ...seen, gate, ...note, ...ownWorkOf(options) });
            return { data, lines: [`${gate}: passed`] };
          }),
        ),
    );
}

/** The runner that carries a gate out, or has; the gateway itself; a dash while nobody does. */
function whereWords({ runner, runnerGrant, repeats }: GateRow): string {
  const where = runner === null ? '-' : runnerGrant === null ? 'gateway' : runner;
  return repeats === null ? where : `${where}, repeats ${short(repeats)}`;
}

type GateRow = Awaited<ReturnType<GatewayLink['client']['gate']['list']['query']>>[number];

const sandboxWords = (sandboxed: boolean | null): string =>
  sandboxed === null ? '-' : sandboxed ? 'in a sandbox' : 'unsandboxed';

async function showGates({ link }: Run<object>, change: string, gate: string | undefined) {
  const { client, project } = await link();
  const rows = await client.gate.list.query({ project, change });
  const shown = gate === undefined ? rows : rows.filter((row) => row.gate === gate);
  if (gate !== undefined && shown.length === 0)
    throw fail('gate.missing', gate, { next: `andon gate list ${change}` });
  const lines = shown.flatMap((row) => [
    `${row.gate}: ${row.status}${row.exitCode === null ? '' : `, exit ${row.exitCode}`}`,
    ...printableText(row.output ?? '')
      .trimEnd()
      .split('\n')
      .filter((line) => line !== ''),
  ]);
  return { data: shown, lines };
}

/** The command `andon verdict`. */
export function verdictCommand(world: World): Command {
  return group('verdict', 'verdicts on a change')
    .addCommand(
      judging(
        leaf('approve', 'approve a change whose gates have passed, or wait for your own manual gate only'),
      )
        .option('--note <text>', 'your observations')
        .addOption(many('--gate <name>', 'a manual gate to pass by the way, where several are left'))
        .action(
          act<JudgeOptions, [string]>(world, async ({ link, options }, change) => {
            const at = await link();
            const seen = await lookAt(at, change, options.tree);
            const note = defined({ note: options.note });
            const by = { ...note, ...ownWorkOf(options), ...defined({ gates: options.gate }) };
            const data = await at.client.verdict.approve.mutate({ ...seen, ...by });
            const passed = data.gates.map((gate) => `${gate}: passed`);
            return {
              data,
              lines: [...passed, `${short(data.change)}: approved`],
              talk: [`it is in the landing queue; next: andon why ${short(data.change)}`],
            };
          }),
        ),
    )
    .addCommand(
      judging(leaf('reject', 'reject a change with reasons'))
        .addOption(many('--reason <text>', 'a reason (may be repeated)').makeOptionMandatory())
        .action(
          act<JudgeOptions, [string]>(world, async ({ link, options }, change) => {
            const at = await link();
            const seen = await lookAt(at, change, options.tree);
            const reasons = options.reason ?? [];
            const data = await at.client.verdict.reject.mutate({ ...seen, reasons, ...ownWorkOf(options) });
            return { data, lines: [`${short(data.change)}: rejected`] };
          }),
        ),
    )
    .addCommand(
      leaf('list', 'list the verdicts on a change')
        .argument('<change>')
        .action(
          act<object, [string]>(world, async ({ link, terminal }, change) => {
            const { client, project } = await link();
            const rows = await client.verdict.list.query({ project, change });
            const cells = rows.map((row) => [
              row.approve ? 'approve' : 'reject',
              row.byAgent,
              row.tier,
              printable(row.reasons.join('; ')),
            ]);
            return { data: rows, lines: table(['VERDICT', 'BY', 'TIER', 'REASONS'], cells, terminal.paint) };
          }),
        ),
    );
}
