import { z } from 'zod';
import { knownFailures, type NamedGate, openGates, requestOf } from '../../changes/gates.ts';
import { type Reason, reason, unlessAlso } from '../../lib/decision.ts';
import { newId } from '../../process/new-id.ts';
import { event } from '../../store/log/events.ts';
import { statement, type Tx } from '../../store/store.ts';
import { decideLease, type HeldTask } from '../../tasks/lease.ts';
import { planAt } from '../../tasks/plan-cache.ts';
import { openQuestions, questionReasons } from '../../tasks/questions.ts';
import { lockTask, type TaskRow } from '../../tasks/rows.ts';
import { moveTask } from '../../tasks/transition.ts';
import type { Budget } from '../../tiers/capability.ts';
import type { Case, Effect, Entering } from '../admission/definitions.ts';
import { commitId, name, project, text } from '../admission/inputs.ts';
import { mutation } from '../admission/procedure.ts';
import { lockGrant } from '../auth/minting.ts';
import { spendBudget } from '../auth/spending.ts';
import type { Offer } from '../repositories/offer.ts';
import type { Gateway } from '../services.ts';

const submitInput = z.strictObject({
  project,
  task: name,
  epoch: z.number().int().min(1),
  commit: commitId.optional().describe('The pushed commit that is offered'),
  artefact: text(4000).optional().describe('Where the result lies, for a task that is done by an artefact'),
});

type SubmitInput = z.infer<typeof submitInput>;

/** The answer of a submission: the new change; the candidate is empty for an artefact. */
export interface SubmitAnswer {
  readonly change: string;
  readonly tree: string;
  readonly candidate: string;
  readonly gates: readonly string[];
}

interface SubmitFacts {
  readonly task: TaskRow | undefined;
  readonly gates: readonly NamedGate[];
  readonly openQuestions: number;
  /** The remaining budget of the grant; not read for an artefact. */
  readonly left: Budget | undefined;
  /** Gates of the task that failed on this very tree before. */
  readonly failed: readonly Reason[];
}

async function submitFacts(
  tx: Tx,
  { input, grant, prepared, entered }: Entering<SubmitInput, Offer>,
): Promise<SubmitFacts> {
  const [task, open, row, { planHash }] = await Promise.all([
    lockTask(tx, input.project, input.task),
    openQuestions(tx, input.project, input.task),
    input.commit === undefined ? undefined : lockGrant(tx, grant.grantId),
    entered,
  ]);
  const gates = await gatesOf(tx, task, planHash);
  const tree = prepared.kind === 'candidate' ? prepared.tree : undefined;
  const failed = tree === undefined ? [] : await knownFailures(tx, { project: input.project, tree }, gates);
  return { task, gates, openQuestions: open.get(input.task) ?? 0, left: row?.leftBudget, failed };
}

/** The gates of a task as the plan declares them. */
async function gatesOf(tx: Tx, task: TaskRow | undefined, planHash: string | null): Promise<NamedGate[]> {
  if (task === undefined || task.gates.length === 0) return [];
  const plan = await planAt(tx, task.project, planHash);
  return task.gates.flatMap((gateName) => {
    const gate = plan?.gates[gateName];
    return gate === undefined ? [] : [{ name: gateName, gate }];
  });
}

const putChange = statement(
  'change.put',
  `insert into changes (id, project, task, epoch, commit_id, base, candidate, tree, state, author, gid, lin, note)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
);

/** A name in the place of the tree that an artefact does not have, so that evidence and verdicts are bound to it. */
const artefactTree = (artefact: string | undefined): string => `artefact:${artefact ?? ''}`;

/** Reasons why the offer is no change for this task: the wrong kind of result, or a commit that cannot land. */
function offerReasons(task: TaskRow | undefined, offer: Offer, artefact: string | undefined): Reason[] {
  const named = artefact === undefined ? 'nothing' : 'an artefact';
  const given = offer.kind === 'artefact' ? named : 'a commit';
  const wanted = task?.done === 'artefact' ? 'an artefact' : 'a commit';
  if (given === wanted) return commitReasons(offer);
  return [reason('change.empty', `task/${task?.id ?? ''}`, { found: given, limit: wanted })];
}

/** Reasons why a commit cannot land. */
export function commitReasons(offer: Offer): Reason[] {
  if (offer.kind === 'unpushed') return [reason('change.unpushed', offer.commit, { limit: offer.prefix })];
  if (offer.kind === 'empty') return [reason('change.empty', offer.commit)];
  if (offer.kind === 'conflict') return offer.paths.map((path) => reason('change.conflict', path));
  return [];
}

/** Reasons why the change is larger than the remaining budget of its grant. */
function sizeReasons(offer: Offer, left: Budget | undefined): Reason[] {
  if (offer.kind !== 'candidate' || left === undefined) return [];
  const { size } = offer;
  return (['commits', 'files', 'lines'] as const)
    .filter((member) => size[member] > left[member])
    .map((member) => reason('budget.change', member, { found: size[member], limit: left[member] }));
}

/** The offer in the form of a stored change. */
const offered = (prepared: Offer, artefact: string | undefined) =>
  prepared.kind === 'candidate'
    ? prepared
    : { commit: '', base: '', candidate: '', tree: artefactTree(artefact) };

const answerOf = (
  { change, tree, candidate }: Omit<SubmitAnswer, 'gates'>,
  gates: readonly NamedGate[],
): SubmitAnswer => ({ change, tree, candidate, gates: gates.map(({ name: gate }) => gate) });

/** The data of the event of a submission. */
const dataOf = (
  { task, epoch }: SubmitInput,
  { commit, tree }: { readonly commit: string; readonly tree: string },
  state: string,
) => ({ task, epoch, commit, tree, state });

function submitted(
  tx: Tx,
  held: HeldTask,
  { grant, input, prepared, facts }: Case<SubmitInput, Offer, SubmitFacts>,
): Effect<SubmitAnswer> {
  const { project: projectName, task, epoch } = input;
  const { commit, base, candidate, tree } = offered(prepared, input.artefact);
  const change = newId('change');
  const state = facts.gates.length === 0 ? 'judging' : 'gating';
  const of = [grant.sub, grant.grantId, [...grant.lineage]];
  const note = input.artefact ?? null;
  tx.later(putChange, [change, projectName, task, epoch, commit, base, candidate, tree, state, ...of, note]);
  moveTask(tx, held, 'submit');
  openGates(tx, { id: change, project: projectName, tree }, facts.gates);
  const size = prepared.kind === 'candidate' ? { size: prepared.size } : {};
  const data = { ...dataOf(input, { commit, tree }, state), ...size };
  const requested = requestOf(
    { task, tree },
    facts.gates.map(({ name }) => name),
  );
  const isForJudges = facts.gates.every(({ gate }) => 'by' in gate && gate.by === 'validator');
  const requests = isForJudges ? [event('verdict.requested', `change/${change}`, requested)] : [];
  return {
    answer: answerOf({ change, tree, candidate }, facts.gates),
    events: [event('change.submitted', `change/${change}`, data), ...requests],
  };
}

/** The procedure `change.submit`: offers a commit or an artefact as the result of a held task. */
export function submitProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'change:submit',
    description:
      'Offers a pushed commit for landing; the lease ends, gates run on the merge with today’s main.',
    input: submitInput,
    access: ({ task, epoch }) => ({ task, epoch }),
    prepare: (input) => gateway.git.offer(input),
    facts: submitFacts,
    decide: ({ grant, input, prepared, facts, entered }) =>
      unlessAlso(decideLease(facts.task, input.task, { agent: grant.sub, epoch: input.epoch }, entered.now), [
        ...offerReasons(facts.task, prepared, input.artefact),
        ...sizeReasons(prepared, facts.left),
        ...facts.failed,
        ...questionReasons(input.task, facts.openQuestions),
      ]),
    effect: async (tx, { decided: held }, found) => {
      const { prepared, grant } = found;
      if (prepared.kind === 'candidate') await spendBudget(tx, grant.grantId, { ...prepared.size });
      return submitted(tx, held, found);
    },
    after: async (answer, input) => {
      const { git, workers } = gateway;
      if (answer.candidate !== '') await git.keepCandidate(input.project, answer.change, answer.candidate);
      if (answer.gates.length > 0) workers.wake(input.project);
      return answer;
    },
  });
}
