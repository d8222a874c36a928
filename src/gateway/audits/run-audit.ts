import type { Analyser } from '../../analysis/analyser.ts';
import { unmeasuredLines } from '../../analysis/unmeasured-lines.ts';
import { complianceAudit } from '../../audits/compliance.ts';
import {
  readAuditedTasks,
  readLanded,
  readNow,
  readRefusedCalls,
  readSpent,
  readWatched,
  readyCount,
  tallyFrom,
} from '../../audits/facts.ts';
import { idleAudit } from '../../audits/idle-audit.ts';
import type { AuditFinding, AuditKind } from '../../audits/kinds.ts';
import { planAudit } from '../../audits/plan-audit.ts';
import { progressReport } from '../../audits/progress.ts';
import { type AuditRow, lastAudit } from '../../audits/rows.ts';
import { noTally, type Tally } from '../../audits/tally.ts';
import { rulesOfPlan } from '../../plan/rules-of-plan.ts';
import type { Store } from '../../store/store.ts';
import { readPlan } from '../../tasks/plan-apply.ts';
import type { Repositories } from '../repositories/repositories.ts';
import { type CodeAuditOf, codeBetween, codeOf } from './code-audit.ts';

/** Services that an audit reads from. */
export interface AuditTools {
  readonly store: Store;
  readonly git: Repositories;
  readonly analyser: Analyser;
}

/** The finding of an audit, and the part of the log that the audit covered. */
export type CarriedOut = AuditFinding & { readonly from: number; readonly to: number };

/** Data that an audit keeps for the next audit of its kind. */
interface AuditMemory {
  readonly tally: Tally;
  readonly main: string | undefined;
  readonly violations: number | undefined;
  /** Refused calls by their event, as far as they were counted. */
  readonly counted: Readonly<Record<string, number>>;
}

const carriers: Readonly<Record<AuditKind, (tools: AuditTools, audit: AuditRow) => Promise<CarriedOut>>> = {
  plan: auditPlan,
  idle: auditIdle,
  compliance: auditCompliance,
  report: reportProgress,
};

/** Carries out an audit. Reads only; the caller writes the finding. */
export const carryOut = (tools: AuditTools, audit: AuditRow): Promise<CarriedOut> =>
  carriers[audit.kind](tools, audit);

const noMemory: AuditMemory = { tally: noTally, main: undefined, violations: undefined, counted: {} };

async function before(
  store: Store,
  { project, kind }: AuditRow,
): Promise<AuditMemory & { readonly to: number; readonly at: Date }> {
  const last = await lastAudit(store, project, kind);
  if (last === undefined) return { ...noMemory, to: 0, at: new Date(0) };
  const memory = last.result?.memory as Partial<AuditMemory> | undefined;
  return { ...noMemory, ...memory, to: last.toPosition ?? 0, at: last.requestedAt };
}

const withMemory = (found: AuditFinding, memory: Partial<AuditMemory>): AuditFinding => ({
  ...found,
  result: { ...found.result, memory },
});

async function auditPlan(tools: AuditTools, audit: AuditRow): Promise<CarriedOut> {
  const { store, git } = tools;
  const { project } = audit;
  const known = await before(store, audit);
  const recent = await tallyFrom(store, project, known.to, { ...noTally, hasBegun: known.tally.hasBegun });
  const { tally, to } = await tallyFrom(store, project, known.to, { ...known.tally, violations: [] });
  const main = await git.main(project);
  const code =
    known.main === undefined ? [] : await codeBetween(await codeOfPlan(tools, project), known.main, main);
  const since = { at: known.at, from: known.to, to };
  const { calls, counted } = await readRefusedCalls(store, project, since, known.counted);
  const facts = {
    calls,
    tasks: await readAuditedTasks(store, project),
    tally,
    recent: recent.tally.violations,
    code,
    now: await readNow(store),
  };
  return {
    ...withMemory(planAudit(facts), { tally: { ...tally, violations: [] }, main, counted }),
    from: known.to,
    to,
  };
}

async function codeOfPlan({ store, git, analyser }: AuditTools, project: string): Promise<CodeAuditOf> {
  const now = await readNow(store);
  return { git, analyser, project, rules: rulesOfPlan(await readPlan(store, project), now.getTime()) };
}

async function auditIdle({ store }: AuditTools, { project, options }: AuditRow): Promise<CarriedOut> {
  const agents = await readWatched(store, project, (await readPlan(store, project))?.limits.wip);
  const found = idleAudit(agents, await readyCount(store, project), await readNow(store), options.overMs);
  return { ...found, from: 0, to: 0 };
}

async function auditCompliance(tools: AuditTools, audit: AuditRow): Promise<CarriedOut> {
  const { store, git } = tools;
  const known = await before(store, audit);
  const main = await git.main(audit.project);
  const { files, found, unmeasured } = await codeOf(await codeOfPlan(tools, audit.project), main);
  const finding = complianceAudit(
    found,
    { files, main, unmeasured: unmeasuredLines(unmeasured) },
    known.violations,
  );
  return { ...withMemory(finding, { violations: found.length, main }), from: 0, to: 0 };
}

async function reportProgress({ store }: AuditTools, audit: AuditRow): Promise<CarriedOut> {
  const { project } = audit;
  const known = await before(store, audit);
  const { tally, to } = await tallyFrom(store, project, known.to, {
    ...noTally,
    hasBegun: known.tally.hasBegun,
  });
  const { tally: whole } = await tallyFrom(store, project, known.to, { ...known.tally, violations: [] });
  const found = progressReport({
    project,
    tasks: await readAuditedTasks(store, project),
    tally,
    whole,
    landed: await readLanded(store, project, known.at),
    spent: await readSpent(store, project, known.at),
    now: await readNow(store),
  });
  return { ...withMemory(found, { tally: { ...whole, violations: [] } }), from: known.to, to };
}
