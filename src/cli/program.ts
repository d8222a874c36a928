import { Command, type CommanderError } from 'commander';
import { exitCodes } from '../lib/code-row.ts';
import { reason } from '../lib/decision.ts';
import { checkCommand } from './check/command.ts';
import { forgetPointers } from './check/git.ts';
import { withCommon } from './command.ts';
import { agentCommand } from './commands/agent.ts';
import { auditCommand } from './commands/audit.ts';
import { backupCommand, restoreCommand } from './commands/backup.ts';
import { changeCommand } from './commands/change.ts';
import { checkpointCommand } from './commands/checkpoint.ts';
import { completionCommand } from './commands/completion.ts';
import { continueCommand } from './commands/continue.ts';
import { cordCommand } from './commands/cord.ts';
import { decisionCommand } from './commands/decision.ts';
import { doctorCommand } from './commands/doctor.ts';
import { eventCommand } from './commands/event.ts';
import { gitCommand } from './commands/git.ts';
import { inboxCommand } from './commands/inbox.ts';
import { initCommand } from './commands/init.ts';
import { joinCommand } from './commands/join.ts';
import { gateCommand, verdictCommand } from './commands/judgement.ts';
import { mcpCommand } from './commands/mcp.ts';
import { openCommand } from './commands/open.ts';
import { phaseCommand } from './commands/phase.ts';
import { planCommand } from './commands/plan.ts';
import { projectCommand } from './commands/project.ts';
import { queueCommand } from './commands/queue.ts';
import { recordCommand } from './commands/record.ts';
import { reportCommand } from './commands/report.ts';
import { runCommand } from './commands/run.ts';
import { runnerCommand } from './commands/runner.ts';
import { sampleCommand } from './commands/sample.ts';
import { schemaCommand } from './commands/schema.ts';
import { solutionCommand } from './commands/solution.ts';
import { statusCommand } from './commands/status.ts';
import { syncCommand } from './commands/sync.ts';
import { taskCommand } from './commands/task.ts';
import { tokenCommand } from './commands/token.ts';
import { triggerCommand } from './commands/trigger.ts';
import { upCommand } from './commands/up.ts';
import { whyCommand } from './commands/why.ts';
import type { World } from './world.ts';

const after = `
Exit status: 0 ok, 1 failed, 2 wrong use, 3 cancelled or timed out, 4 refused, 5 not found, 6 conflict or lost lease,
             7 line stopped, 8 nothing ready or pending, 9 gateway unreachable
Environment: ANDON_URL, ANDON_TOKEN or ANDON_TOKEN_FILE, ANDON_PROJECT, ANDON_TASK, ANDON_EPOCH, DATABASE_URL`;

/** The command line: the command that the first argument names, else all of them. */
export function createProgram(world: World, version: string): Command {
  const program = withCommon(new Command('andon'))
    .description('The line that a team of AI coding agents works on.')
    .version(version)
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .addHelpText('after', after);
  // To make all takes longer than to make, load and carry out most of them.
  const named = Object.entries(commands).filter(([name]) => name === world.args[0]);
  for (const [, make] of named.length > 0 ? named : Object.entries(commands))
    program.addCommand(make(world, () => createProgram({ ...world, args: [] }, version)));
  // `andon --json task list` means the same as `andon task list --json`.
  program.hook('preAction', (_root, leaf) => {
    // A check that runs as a hook is told by these what is committed; git itself is the caller's.
    if (!['check', 'git'].includes(leaf.name())) forgetPointers();
    for (let above = leaf.parent; above !== null; above = above.parent) handDown(above, leaf);
  });
  endWithOwnCodes(program, world);
  return program;
}

/** Gives a command the options that stand before its name, unless its own say otherwise. */
function handDown(above: Command, leaf: Command): void {
  for (const [name, value] of Object.entries(above.opts())) {
    const isGiven = above.getOptionValueSource(name) === 'cli' && leaf.getOptionValueSource(name) !== 'cli';
    if (isGiven) leaf.setOptionValueWithSource(name, value, 'cli');
  }
}

/** The commands by name, in the order of the help. */
const commands: Readonly<Record<string, (world: World, whole: () => Command) => Command>> = {
  init: initCommand,
  up: upCommand,
  open: openCommand,
  status: statusCommand,
  sample: sampleCommand,
  check: checkCommand,
  continue: continueCommand,
  checkpoint: checkpointCommand,
  project: projectCommand,
  plan: planCommand,
  phase: phaseCommand,
  task: taskCommand,
  token: tokenCommand,
  change: changeCommand,
  gate: gateCommand,
  verdict: verdictCommand,
  queue: queueCommand,
  why: whyCommand,
  event: eventCommand,
  audit: auditCommand,
  decision: decisionCommand,
  solution: solutionCommand,
  record: recordCommand,
  report: reportCommand,
  agent: agentCommand,
  run: runCommand,
  runner: runnerCommand,
  trigger: triggerCommand,
  git: gitCommand,
  sync: syncCommand,
  backup: backupCommand,
  restore: restoreCommand,
  doctor: doctorCommand,
  schema: schemaCommand,
  join: joinCommand,
  mcp: mcpCommand,
  cord: cordCommand,
  inbox: inboxCommand,
  completion: completionCommand,
};

/** Makes wrong use end with exit code 2, where commander has 1, and with data for callers that asked for JSON. */
function endWithOwnCodes(command: Command, world: World): void {
  command.exitOverride((error) => {
    if (error.exitCode === 0) process.exit(exitCodes.ok);
    if (error.code !== 'commander.help' && world.args.includes('--json'))
      world.stdout.write(`${JSON.stringify(misuse(error))}\n`);
    process.exit(exitCodes.usage);
  });
  for (const child of command.commands) endWithOwnCodes(child, world);
}

function misuse({ message }: CommanderError) {
  const found = message.replace(/^error: /, '');
  return {
    error: { code: 'cli.usage', exit: exitCodes.usage, reasons: [reason('cli.usage', 'andon', { found })] },
  };
}
