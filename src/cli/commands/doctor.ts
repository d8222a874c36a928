import { resolve } from 'node:path';
import type { Command } from 'commander';
import { workTree } from '../check/git.ts';
import { act, leaf, type Run } from '../command.ts';
import type { Finding } from '../doctor/finding.ts';
import { dataFolderName } from '../gateway-file.ts';
import { table } from '../table.ts';
import type { Tone } from '../terminal.ts';
import type { World } from '../world.ts';

interface DoctorOptions {
  readonly data?: string;
  readonly databaseUrl?: string;
  readonly clearSetups?: boolean;
}

const about = `looks for common faults: stale locks, clock skew, unsafe git settings, schema mismatch, a broken
chain, an old git, a full disk, keys that others can read, a gateway that does not answer. Changes nothing, unless told to clear. Exit 1 on a fault.`;

/** The command `andon doctor`. */
export function doctorCommand(world: World): Command {
  return leaf('doctor', 'look for common faults', about)
    .option('--data <folder>', 'the data folder (default: .andon of the repository here)')
    .option('--database-url <url>', 'PostgreSQL (default: DATABASE_URL)')
    .option('--clear-setups', 'drop what set-ups of gates have made here, and look for nothing')
    .action(
      act<DoctorOptions>(world, (run) => (run.options.clearSetups === true ? clear(run) : doctor(run))),
    );
}

async function clear({ world, options }: Run<DoctorOptions>) {
  const { dropSetups } = await import('../doctor/setups.ts');
  const dataFolder = await dataFolderOf(world, options.data);
  const folders = await dropSetups(dataFolder, world.root.stateFolderOf(dataFolder, world.env));
  return { data: { cleared: folders }, lines: folders.map((folder) => `cleared ${folder}`) };
}

const tones: Readonly<Record<Finding['status'], Tone>> = { ok: 'good', note: 'warn', fault: 'bad' };

async function doctor({ world, options, terminal }: Run<DoctorOptions>) {
  const findings = await examine(world, options);
  const faults = findings.filter(({ status }) => status === 'fault').length;
  const rows = findings.map(({ check, status, subject, found }) => [
    [status, tones[status]] as const,
    check,
    subject,
    found ?? '',
  ]);
  const steps = findings.flatMap(({ check, next }) =>
    next === undefined ? [] : [`next (${check}): ${next}`],
  );
  return {
    data: { ok: faults === 0, findings },
    lines: table(['', 'CHECK', 'WHERE', 'FOUND'], rows, terminal.paint),
    talk: [...steps, faults === 0 ? 'nothing is wrong' : `${faults} ${faults === 1 ? 'fault' : 'faults'}`],
    exit: faults === 0 ? ('ok' as const) : ('failed' as const),
  };
}

async function examine(world: World, options: Run<DoctorOptions>['options']): Promise<Finding[]> {
  const { examineData, examineLeft, examineMachine, examineRoom, examineSecrets } = await import(
    '../doctor/machine.ts'
  );
  const { examineRepositories } = await import('../doctor/repositories.ts');
  const { examineGateway } = await import('../doctor/gateway.ts');
  const { examineTurns } = await import('../doctor/turns.ts');
  const { examineStore } = await import('../doctor/store.ts');
  const { examineSetups } = await import('../doctor/setups.ts');
  const dataFolder = await dataFolderOf(world, options.data);
  const stateFolder = world.root.stateFolderOf(dataFolder, world.env);
  const databaseUrl = options.databaseUrl ?? (world.env.DATABASE_URL || undefined);
  const gateway = await examineGateway(options, world);
  return [
    ...(await examineMachine(world)),
    ...examineData(dataFolder, databaseUrl),
    ...(await examineLeft(world.root.stateFolderOf(dataFolder, world.env))),
    ...(await examineRoom(dataFolder)),
    ...(await examineSetups(dataFolder, stateFolder, Date.now())),
    ...(await examineSecrets(stateFolder)),
    ...examineTurns(stateFolder, Date.now()),
    ...(await examineRepositories(dataFolder)),
    ...gateway.findings,
    ...(await examineStore(dataFolder, databaseUrl, stateFolder)),
  ];
}

/** The given data folder, or `.andon` of the repository at the working directory. */
export async function dataFolderOf({ cwd }: Pick<World, 'cwd'>, given: string | undefined): Promise<string> {
  if (given !== undefined) return resolve(cwd, given);
  return resolve((await workTree(cwd)) ?? cwd, dataFolderName);
}
