import { z } from 'zod';
import { allowed, type Decision } from '../../lib/decision.ts';
import { defined } from '../../lib/defined.ts';
import {
  type CheckpointDraft,
  knownBlockers,
  putCheckpoint,
  tellBlockers,
} from '../../memory/checkpoints.ts';
import { event, jsonText } from '../../store/log/events.ts';
import { statement, type Tx } from '../../store/store.ts';
import { decideLease } from '../../tasks/lease.ts';
import { lockTask, type TaskRow } from '../../tasks/rows.ts';
import type { Grant } from '../../tiers/capability.ts';
import type { Asked } from '../admission/definitions.ts';
import { name, project, text, textOrEmpty } from '../admission/inputs.ts';
import { mutation } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';

const putSelf = statement(
  'agents.update',
  `insert into agents (project, name, type, tier, role, capabilities, self)
   values ($1, $2, $3, $4, $5, $6, $7::jsonb)
   on conflict (project, name) do update set self = agents.self || excluded.self, seen_at = andon_now(),
     tier = excluded.tier, role = excluded.role, capabilities = excluded.capabilities
   returning self`,
);
const readSelf = statement('agents.self', 'select self from agents where project = $1 and name = $2');
const profileOf = statement('grants.profile', 'select profile from grants where gid = $1');

const items = z.array(text(1000)).max(100).optional();

const updateInput = z.strictObject({
  project,
  currentTask: name.nullable().optional(),
  epoch: z.number().int().min(1).optional().describe('Epoch of your lease on that task'),
  done: items.describe('Steps that you have done, the last one last'),
  next: items.describe('Steps that you take next, the first one first'),
  filesOpen: items,
  contextItems: items,
  blockers: items,
  checkpoint: textOrEmpty(20_000).nullable().optional(),
  memoryBudget: z.number().int().min(0).optional(),
});
type UpdateInput = z.infer<typeof updateInput>;

interface UpdateFacts {
  readonly task: TaskRow | undefined;
  readonly profile: string;
  /** Blockers that the executives heard of before. */
  readonly told: readonly string[];
}

/** Members that tell of the work on a task: with them, the task must be held. */
const work = ['done', 'next', 'filesOpen', 'contextItems', 'blockers', 'checkpoint'] as const;

/** The task that an update is a checkpoint of. */
const taskOf = (input: UpdateInput): string | undefined =>
  work.some((member) => input[member] !== undefined) ? (input.currentTask ?? undefined) : undefined;

async function updateFacts(tx: Tx, { grant, input }: Asked<UpdateInput>): Promise<UpdateFacts> {
  const id = taskOf(input);
  const task = id === undefined ? undefined : await lockTask(tx, input.project, id);
  const [row] = await tx.rows<{ profile: string | null }>(profileOf, [grant.grantId]);
  const profile = row?.profile ?? '';
  if (id !== undefined) return { task, profile, told: await knownBlockers(tx, input.project, id, profile) };
  const [known] = await tx.rows<{ self: { blockers?: string[] } }>(readSelf, [input.project, grant.sub]);
  return { task, profile, told: known?.self.blockers ?? [] };
}

interface UpdateDecided {
  /** The lease that the checkpoint belongs to; undefined for words without a task. */
  readonly held: { readonly id: string; readonly epoch: number } | undefined;
}

function decideUpdate(
  grant: Grant,
  input: UpdateInput,
  { task }: UpdateFacts,
  now: Date,
): Decision<UpdateDecided> {
  const id = taskOf(input);
  if (id === undefined) return allowed({ held: undefined });
  const epoch = input.epoch ?? grant.cap.epoch ?? task?.epoch ?? 0;
  const lease = decideLease(task, id, { agent: grant.sub, epoch }, now);
  return 'reasons' in lease ? lease : allowed({ held: { id, epoch } });
}

const draftOf = (
  input: UpdateInput,
  epoch: number,
  { agent, profile }: { readonly agent: string; readonly profile: string },
): CheckpointDraft => ({
  epoch,
  agent,
  profile,
  done: input.done ?? [],
  next: input.next ?? [],
  files: input.filesOpen ?? [],
  items: input.contextItems ?? [],
  blockers: input.blockers ?? [],
  note: input.checkpoint ?? '',
});

/** The words that stay with the agent: all of them, or without those that belong to a task. */
function selfOf(input: UpdateInput, ofTask: boolean): Record<string, unknown> {
  const { project: _project, epoch: _epoch, ...self } = input;
  if (!ofTask) return self;
  return defined({ currentTask: input.currentTask, memoryBudget: input.memoryBudget });
}

/** The procedure `agent.update`: an agent says where it stands. */
export function updateProcedure(gateway: Gateway) {
  return mutation(gateway, {
    action: 'agent:update',
    description:
      'Says where you stand: done, next, open files, facts, blockers. Kept with the task that you hold: whoever goes on starts from it, and executives hear of blockers.',
    input: updateInput,
    access: (input) => {
      const task = taskOf(input);
      return task === undefined ? {} : defined({ task, epoch: input.epoch });
    },
    facts: updateFacts,
    decide: ({ grant, input, facts, entered }) => decideUpdate(grant, input, facts, entered.now),
    effect: async (tx, { decided: { held } }, { grant, input, facts }) => {
      const self = await keepSelf(tx, grant, input, selfOf(input, held !== undefined));
      const by = { agent: grant.sub, profile: facts.profile };
      if (held !== undefined) putCheckpoint(tx, input.project, held.id, draftOf(input, held.epoch, by));
      const told = await tellFresh(tx, grant, { input, task: held?.id, known: facts.told });
      const { project: _project, ...members } = input;
      const of = held === undefined ? {} : { task: held.id, epoch: held.epoch };
      return {
        answer: { agent: grant.sub, self, task: held?.id ?? null, told },
        events: [event('agent.updated', grant.sub, { members: Object.keys(members), ...of })],
      };
    },
  });
}

async function keepSelf(
  tx: Tx,
  { sub, cap }: Grant,
  { project: projectName }: UpdateInput,
  self: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const type = sub.startsWith('human:') ? 'HUMAN' : 'AI_AGENT';
  const values = [projectName, sub, type, cap.tier, cap.role, cap.skills, jsonText(self)];
  const [row] = await tx.rows<{ self: Record<string, unknown> }>(putSelf, values);
  return row?.self ?? {};
}

/** Tells the executives of blockers that they have not heard of; answers the number of those. */
async function tellFresh(
  tx: Tx,
  { sub: agent }: Grant,
  of: { readonly input: UpdateInput; readonly task: string | undefined; readonly known: readonly string[] },
): Promise<number> {
  const fresh = (of.input.blockers ?? []).filter((one) => !of.known.includes(one));
  await tellBlockers(tx, { project: of.input.project, agent, task: of.task }, fresh);
  return fresh.length;
}
