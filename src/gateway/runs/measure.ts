import { durationMs, type Plan, type PlanGate, sizeBytes } from '../../plan/plan.ts';
import type { ProgressMeasure } from '../../runner/protocol.ts';
import { type MachineLimits, machineLimitsDefault } from '../../sandbox/machine-limits.ts';

/**
 * The measure of a run's progress: the one that its task names, or the tree. The command is that of the
 * plan's gate.
 */
export function measureOf(plan: Plan | undefined, task: string | null): ProgressMeasure {
  const { progress = 'tree' } = plan?.tasks[task ?? ''] ?? {};
  if (progress === 'tree') return { kind: 'tree' };
  if ('artefact' in progress) return { kind: 'artefact', path: progress.artefact };
  return byTests(plan?.gates[progress.tests]);
}

function byTests(gate: PlanGate | undefined): ProgressMeasure {
  // The check of a plan lets no other gate through.
  if (gate === undefined || 'by' in gate) return { kind: 'tree' };
  return { kind: 'tests', command: gate.run, timeoutMs: durationMs(gate.timeout), network: gate.network };
}

/** Limits of the plan on the share of the machine of one gate or run. */
export function machineLimitsOf(plan: Plan | undefined): MachineLimits {
  const { processes, memory, disk, openFiles } = plan?.limits.machine ?? {};
  return {
    processes: processes ?? machineLimitsDefault.processes,
    memoryBytes: memory === undefined ? machineLimitsDefault.memoryBytes : sizeBytes(memory),
    diskBytes: disk === undefined ? machineLimitsDefault.diskBytes : sizeBytes(disk),
    openFiles: openFiles ?? machineLimitsDefault.openFiles,
  };
}
