import { cp, lstat, mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { machineLimitsOf } from '../../gateway/runs/measure.ts';
import { temporaryFolder } from '../../git/temporary.ts';
import { tookWords } from '../../lib/durations.ts';
import { fail } from '../../lib/errors.ts';
import { durationMs, type Plan, type PlanGate } from '../../plan/plan.ts';
import { gateBase } from '../../sandbox/gate-room.ts';
import { removeTree } from '../../sandbox/remove-tree.ts';
import { type GateEvidence, runGate } from '../../sandbox/run-gate.ts';
import { trackedFiles } from '../check/files.ts';
import { workTree } from '../check/git.ts';
import type { Answer } from '../command.ts';
import { printableText } from '../printable.ts';

type TaskGate = Extract<PlanGate, { run: string }>;

/**
 * Runs a gate of a task on a copy of the work tree at `cwd`: what git tracks, and what it does not ignore. The gateway
 * hears nothing of it; its own run on the candidate decides. A set-up of the gate runs before it, in the same copy. Errors: `task.missing`, `gate.missing`, `gate.manual`,
 * `cli.usage`, and those of `runGate`.
 */
export async function checkGate(plan: Plan, cwd: string, task: string, name: string): Promise<Answer> {
  const gate = commandOf(plan, task, name);
  const root = await workTree(cwd);
  if (root === undefined)
    throw fail('cli.usage', 'gate check', { found: 'no git work tree', next: 'go to your clone' });
  const evidence = await runIn(root, gate, plan);
  const output = printableText(evidence.output).trimEnd();
  const where = `contained by ${evidence.containment}`;
  const ended = `${name}: ${outcomeOf(evidence)} in ${tookWords(evidence.ms)}, ${where}, on the work tree`;
  return {
    data: { task, gate: name, ...evidence },
    lines: [...(output === '' ? [] : output.split('\n')), ended],
    exit: evidence.passed ? 'ok' : 'failed',
  };
}

function outcomeOf({ passed, timedOut, exitCode }: GateEvidence): string {
  if (passed) return 'passed';
  return timedOut ? 'timed out' : `failed, exit ${exitCode ?? 'by signal'}`;
}

function commandOf(plan: Plan, task: string, name: string): TaskGate {
  const planned = Object.hasOwn(plan.tasks, task) ? plan.tasks[task] : undefined;
  if (planned === undefined) throw fail('task.missing', `task/${task}`);
  const gate = planned.gates.includes(name) && Object.hasOwn(plan.gates, name) ? plan.gates[name] : undefined;
  if (gate === undefined)
    throw fail('gate.missing', name, { found: name, limit: planned.gates.join(', ') || 'no gate' });
  if ('run' in gate) return gate;
  const next = `submit, and a ${gate.by} passes it: andon change submit`;
  throw fail('gate.manual', name, { found: `a gate by ${gate.by}`, next });
}

async function runIn(root: string, gate: TaskGate, plan: Plan): Promise<GateEvidence> {
  const folder = temporaryFolder('gate', gateBase());
  try {
    await copyFiles(root, join(folder, 'tree'));
    const within = { folder, limits: machineLimitsOf(plan), sandbox: 'preferred' } as const;
    const steps = gate.setup === undefined ? [gate] : [gate.setup, gate];
    let evidence: GateEvidence | undefined;
    for (const { run: command, timeout, network } of steps) {
      evidence = await runGate({ ...within, command, timeoutMs: durationMs(timeout), network });
      if (!evidence.passed) break;
    }
    if (evidence === undefined) throw new Error('a gate without a step');
    return evidence;
  } finally {
    await removeTree(folder);
  }
}

/** Copies the files of a work tree that git tracks or does not ignore; a tracked file that is gone is left out. */
async function copyFiles(root: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const path of await trackedFiles(root)) {
    const from = join(root, path);
    const found = await lstat(from).catch(() => undefined);
    if (found === undefined || found.isDirectory()) continue;
    await mkdir(join(to, dirname(path)), { recursive: true });
    await cp(from, join(to, path), { verbatimSymlinks: true });
  }
}
