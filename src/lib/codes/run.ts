import { row } from '../code-row.ts';

/** Codes of runs, runners and agents. */
export const runCodes = {
  'run.missing': row(404, 'notFound', 'the run is known to the project', 'andon run list'),
  'run.lost': row(
    409,
    'conflict',
    'only the runner that holds a run reports about it',
    'end the processes of the run: the gateway gave the run up, or ended it',
  ),
  'run.ended': row(
    409,
    'conflict',
    'a run that has ended stays as it ended',
    'andon agent spawn <profile> starts another',
  ),
  'run.limit': row(
    409,
    'nothing',
    'runs, waiting ones included, stay within limits.runs of the plan',
    'let runs end, stop some, or raise limits.runs in andon.yaml',
  ),
  'sandbox.folder': row(
    503,
    'failed',
    'gates and runs under a separate user work in a folder that this user can enter',
    'let others enter the folder named (chmod o+x), or install bubblewrap',
  ),
  'profile.missing': row(
    404,
    'notFound',
    'an agent profile is declared in the plan',
    'declare it under agents in andon.yaml',
  ),
  'profile.adapter': row(
    400,
    'usage',
    'a profile names an adapter before it can be spawned',
    'give it an adapter in andon.yaml: command, claude or codex',
  ),
  'agent.missing': row(404, 'notFound', 'the agent is known to the project', 'andon agent list'),
} as const;
