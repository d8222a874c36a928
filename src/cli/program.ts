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
import { queueCommand, whyCommand } from './commands/queue.ts';
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
import type { World } from './world.ts';

const after = `
Exit status: 0 ok, 1 failed, 2 wrong use, 3 cancelled or timed out, 4 refused, 5 not found, 6 conflict or lost lease,
             7 line stopped, 8 nothing ready or pending, 9 gateway unreachable
Environment: ANDON_URL, ANDON_TOKEN or ANDON_TOKEN_FILE, ANDON_PROJECT, ANDON_TASK, ANDON_EPOCH, DATABASE_URL`;

/** The whole command line. */
export function createProgram(world: World, version: string): Command {
  const program = withCommon(new Command('andon'))
    .description('The line that a team of AI coding agents works on.')
    .version(version)
    .enablePositionalOptions()
    .showSuggestionAfterError()
    .addHelpText('after', after);
  for (const make of starting) program.addCommand(make(world));
  program.addCommand(checkCommand());
  for (const make of working) program.addCommand(make(world));
  program.addCommand(completionCommand(world, () => program));
  // `andon --json task list` means the same as `andon task list --json`.
  program.hook('preAction', (root, leaf) => {
    // A check that runs as a hook is told by these what is committed; git itself is the caller's.
    if (!['check', 'git'].includes(leaf.name())) forgetPointers();
    for (const [name, value] of Object.entries(root.opts())) {
      if (root.getOptionValueSource(name) === 'cli') leaf.setOptionValueWithSource(name, value, 'cli');
    }
  });
  endWithOwnCodes(program, world);
  return program;
}

const starting = [initCommand, upCommand, openCommand, statusCommand, sampleCommand];
const working = [
  continueCommand,
  checkpointCommand,
  projectCommand,
  planCommand,
  phaseCommand,
  taskCommand,
  tokenCommand,
  changeCommand,
  gateCommand,
  verdictCommand,
  queueCommand,
  whyCommand,
  eventCommand,
  auditCommand,
  decisionCommand,
  solutionCommand,
  recordCommand,
  reportCommand,
  agentCommand,
  runCommand,
  runnerCommand,
  triggerCommand,
  gitCommand,
  syncCommand,
  backupCommand,
  restoreCommand,
  doctorCommand,
  schemaCommand,
  joinCommand,
  mcpCommand,
  cordCommand,
  inboxCommand,
];

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
