import { noteFailure, noteSuccess } from '../../memory/solutions.ts';
import type { PlanGate } from '../../plan/plan.ts';
import { clearOwn } from '../../stops/rows.ts';
import { type EventDraft, event, gatewayEvent } from '../../store/log/events.ts';
import { statement, type Tx } from '../../store/store.ts';
import { type ChangeRow, lockChange } from '../../tasks/rows.ts';
import { flakyEvents } from '../flaky.ts';
import { hookMark, stopAtHook } from '../gate-stop.ts';
import {
  type GateResult,
  gateDefinition,
  gateOf,
  lastLines,
  refuseChange,
  requestJudge,
  settleGates,
  systemEvent,
} from '../gates.ts';
import { readBrokenMain } from '../queue/world.ts';
import type { GateRunRow } from './hold.ts';
import { judgeRepetition } from './repeat.ts';
import { isSetupTold } from './setup-failed.ts';
import { takerWords } from './take.ts';

const finish = statement(
  'slots.finish',
  `update gate_runs set status = $2, exit_code = $3, ms = $4, output = $5, sandboxed = $6, containment = $7, timed_out = $8, ended_at = andon_now()
   where id = $1`,
);

/** A gate that has ended, held by whoever reports it. */
export interface EndedGate {
  readonly run: GateRunRow;
  /** The gate as the plan declares it now; undefined when there is none of that name. */
  readonly declared: PlanGate | undefined;
  readonly result: GateResult;
  /** Repetitions that may fail before a pass counts no more: `landing.retry` of the plan. */
  readonly retry: number;
}

/**
 * Writes the result of a gate that the caller holds (`decideHeldGate`). A failed gate refuses its change and gives the
 * task back; a gate that timed out twice in a row stops the task. The queue reads the evidence of its runs by itself.
 */
export async function finishGate(tx: Tx, ended: EndedGate): Promise<EventDraft[]> {
  const { run, result } = ended;
  const { passed, exitCode, ms, output, containment, timedOut } = result;
  const sandboxed = containment === 'bubblewrap';
  const change = run.change === null ? undefined : await lockChange(tx, run.project, run.change);
  const status = passed ? 'passed' : 'failed';
  await tx.rows(finish, [run.id, status, exitCode, ms, output, sandboxed, containment, timedOut]);
  const said = [endedEvent(ended, change), ...(await clearSetupStop(tx, ended))];
  if (run.repeats !== null) return [...said, ...(await judgeRepetition(tx, run, passed, ended.retry))];
  const events = [...said, ...(await flakyEvents(tx, run, passed))];
  // A gate of an earlier candidate is no evidence for this one.
  if (change === undefined || run.tree !== change.tree) return events;
  return [...events, ...(await tellChange(tx, ended, change))];
}

/** Goes on with the change of a gate that has ended. */
async function tellChange(tx: Tx, ended: EndedGate, change: ChangeRow): Promise<readonly EventDraft[]> {
  const { run, result } = ended;
  const { passed, timedOut } = result;
  // The merge of main with the upstream stays open when a gate fails: nobody made that fault alone.
  if (change.kind === 'sync') return passed ? settleGates(tx, change) : [];
  const of = gateOf(change, run.gate);
  if (passed) {
    const learned = await noteSuccess(tx, of);
    return [...learned, ...(await settleGates(tx, change)), ...(await requestJudge(tx, change))];
  }
  const details = [...lastLines(result), ...(await noteFailure(tx, of, result.output))];
  const isMainBroken = (await readBrokenMain(tx, change.project))?.gate === run.gate;
  const note = `gate ${run.gate} failed${isMainBroken ? ', which main fails, too' : ''}`;
  const refused = await refuseChange(tx, change, 'gateFailed', note, details);
  const { project, task } = change;
  const hook = { project, task, gate: run.gate, command: commandOf(ended), timedOut };
  return [...refused, ...(await stopAtHook(tx, hook))];
}

/** A command that has run has got its set-up: the stop about it is over. */
async function clearSetupStop(tx: Tx, { run, declared }: EndedGate): Promise<EventDraft[]> {
  const hasSetup = declared !== undefined && 'run' in declared && declared.setup !== undefined;
  if (!hasSetup || !(await isSetupTold(tx, run.project, run.gate))) return [];
  return clearOwn(tx, run.project, 'setup', `the set-up of gate ${run.gate} works again`);
}

/** The command that ran: the plan may declare another one by now. */
const commandOf = ({ run, declared }: EndedGate): string | null =>
  declared !== undefined && 'run' in declared && gateDefinition(declared) === run.definition
    ? declared.run
    : null;

function endedEvent(ended: EndedGate, change: ChangeRow | undefined): EventDraft {
  const { run, result } = ended;
  const { passed, exitCode, ms, containment, timedOut } = result;
  const late = timedOut ? { timedOut, command: hookMark(commandOf(ended)) } : {};
  const data = {
    ...{ gate: run.gate, tree: run.tree, passed, exitCode, ms, sandboxed: containment === 'bubblewrap' },
    ...{ run: run.id, runner: runnerOf(run), grant: run.runnerGrant, containment },
    ...(run.repeats === null ? {} : { repeats: run.repeats }),
    ...late,
  };
  const { project, changes } = run;
  return change === undefined
    ? gatewayEvent(project, event('gate.ended', `project/${project}`, { changes, ...data }))
    : systemEvent(change, 'gate.ended', { task: change.task, ...data });
}

const runnerOf = ({ runner, runnerGrant }: GateRunRow): string =>
  takerWords({ name: runner ?? '', grantId: runnerGrant });
