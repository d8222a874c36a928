import { z } from 'zod';
import { type FlakyGate, readFlaky } from '../../changes/flaky.ts';
import { mergeWords } from '../../changes/merge-words.ts';
import { readEntries, readHolds } from '../../changes/queue/entries.ts';
import { holdInQueue, moveInQueue, releaseInQueue } from '../../changes/queue/places.ts';
import { type QueueRow, queueRows, readDurations, readTested, whyWords } from '../../changes/queue/view.ts';
import { shownOrder } from '../../changes/queue/world.ts';
import { readSlots } from '../../changes/slots/takers.ts';
import { allowUnless, denied, type Reason, reason } from '../../lib/decision.ts';
import { landingSettings } from '../../plan/landing-settings.ts';
import { event } from '../../store/log/events.ts';
import type { Session } from '../../store/store.ts';
import { type ChangeRow, lockChange, readProject } from '../../tasks/rows.ts';
import { isChangeEnd } from '../../tasks/states.ts';
import { id, project, text } from '../admission/inputs.ts';
import { mutation, query } from '../admission/procedure.ts';
import type { Gateway } from '../services.ts';
import { findChange } from './find-change.ts';
import { openGateWords, readOpenGates } from './manual-gates.ts';
import { thenWake } from './wake.ts';

/** The landing queue of a project at one moment. */
export interface QueueAnswer {
  readonly main: string;
  /** Most changes that one run of the gates vouches for, and the trees that are tested at once. */
  readonly batch: number;
  readonly slots: number;
  readonly rows: readonly QueueRow[];
  /** Gates that both passed and failed one tree in the last 30 days, and how many trees. */
  readonly flaky: readonly FlakyGate[];
}

async function readQueueRows(gateway: Gateway, session: Session, name: string): Promise<QueueAnswer> {
  const [entries, row, main, tested, flaky, slots] = await Promise.all([
    readEntries(session, name),
    readProject(session, name),
    gateway.git.main(name),
    readTested(session, name),
    readFlaky(session, name),
    readSlots(session, name),
  ]);
  const plan = row?.plan ?? undefined;
  const holds = await readHolds(session, name, entries, plan);
  const commands = new Set(
    Object.entries(plan?.gates ?? {}).flatMap(([gate, one]) => ('run' in one ? [gate] : [])),
  );
  const durations = await readDurations(session, name, [...commands]);
  const { batch } = landingSettings(plan);
  const order = shownOrder(entries, holds, Date.now());
  return {
    main,
    batch,
    slots,
    flaky,
    rows: queueRows({ entries, order, held: holds.held, tested, durations, commands, batch, slots }),
  };
}

/** The procedure `change.queue`: the landing queue, as people and agents read it. */
export const queueProcedure = (gateway: Gateway) =>
  query(gateway, {
    action: 'change:read',
    description:
      'Shows the landing queue: place, batch, gates left, expected minutes, strikes, and what holds each change.',
    input: z.strictObject({ project }),
    answer: (input) => readQueueRows(gateway, gateway.store, input.project),
  });

/** The procedure `change.why`: one line that tells what a change waits for. */
export const whyProcedure = (gateway: Gateway) =>
  query(gateway, {
    action: 'change:read',
    description: 'Tells in one line what a change waits for, or how it ended.',
    input: z.strictObject({ project, change: id }),
    answer: async (input) => {
      const change = await findChange(gateway.store, input.project, input.change);
      const { id: found, task, state } = change;
      if (change.kind === 'sync' && !isChangeEnd(state))
        return { change: found, task, state, why: await mergeWords(gateway.store, change) };
      if (state === 'gating')
        return { change: found, task, state, why: await gatingWords(gateway.store, change) };
      if (state !== 'approved') return { change: found, task, state, why: stateWords(state, change) };
      const { rows } = await readQueueRows(gateway, gateway.store, input.project);
      const row = rows.find(({ change: one }) => one === found);
      return { change: found, task, state, why: row === undefined ? 'about to land' : whyWords(row) };
    },
  });

async function gatingWords(session: Session, change: ChangeRow): Promise<string> {
  const declared = (await readProject(session, change.project))?.plan?.gates ?? {};
  return openGateWords(change, await readOpenGates(session, change, declared));
}

const words: Readonly<Record<Exclude<ChangeRow['state'], 'refused' | 'landed' | 'gating'>, string>> = {
  judging: 'its gates have passed; a validator or a person gives the verdict',
  approved: 'in the landing queue',
  landing: 'main is being moved to it',
};

const stateWords = (
  state: Exclude<ChangeRow['state'], 'gating'>,
  { note, landedCommit }: ChangeRow,
): string => {
  if (state === 'refused') return `refused: ${note ?? 'no reason is on record'}`;
  if (state === 'landed')
    return landedCommit === null ? 'accepted' : `landed as ${landedCommit.slice(0, 12)}`;
  return words[state];
};

const orderInput = z.strictObject({ project, change: id, why: text(2000) });

const inQueue = (change: ChangeRow | undefined, wanted: string): Reason[] => {
  if (change === undefined) return [reason('change.missing', wanted)];
  return change.state === 'approved' && change.kind === 'task'
    ? []
    : [reason('change.state', `change/${change.id}`, { found: change.state, limit: 'approved' })];
};

/** The procedure `change.hold`: keeps an approved change from landing until it is released. */
export const holdProcedure = (gateway: Gateway) =>
  mutation(gateway, {
    action: 'queue:order',
    description: 'Keeps an approved change from landing until somebody releases it.',
    input: orderInput,
    exclusive: true,
    facts: (tx, { input }) => lockChange(tx, input.project, input.change),
    decide: ({ input, facts }) => decideOrder(facts, input.change),
    effect: async (tx, { decided: change }, { grant, input }) => {
      holdInQueue(tx, change, { by: grant.sub, why: input.why });
      const data = { task: change.task, why: input.why };
      return {
        answer: { change: change.id, held: true },
        events: [event('queue.held', `change/${change.id}`, data)],
      };
    },
    after: thenWake(gateway),
  });

/** The procedure `change.release`: lets a held change land. */
export const releaseProcedure = (gateway: Gateway) =>
  mutation(gateway, {
    action: 'queue:order',
    description: 'Lets a change land that somebody held.',
    input: orderInput,
    exclusive: true,
    facts: (tx, { input }) => lockChange(tx, input.project, input.change),
    decide: ({ input, facts }) => decideOrder(facts, input.change),
    effect: async (tx, { decided: change }, { input }) => {
      releaseInQueue(tx, change);
      const data = { task: change.task, why: input.why };
      return {
        answer: { change: change.id, held: false },
        events: [event('queue.released', `change/${change.id}`, data)],
      };
    },
    after: thenWake(gateway),
  });

/** The procedure `change.move`: gives an approved change a place in the landing queue. */
export const moveProcedure = (gateway: Gateway) =>
  mutation(gateway, {
    action: 'queue:order',
    description:
      'Gives an approved change a place in the landing queue, 1 for the first; what it needs still lands before it.',
    input: z.strictObject({
      ...orderInput.shape,
      to: z.number().int().min(1).max(1000).describe('Its place, 1 for the first'),
    }),
    exclusive: true,
    facts: (tx, { input }) => lockChange(tx, input.project, input.change),
    decide: ({ input, facts }) => decideOrder(facts, input.change),
    effect: async (tx, { decided: change }, { input }) => {
      const { rows } = await readQueueRows(gateway, tx, input.project);
      await moveInQueue(
        tx,
        change,
        input.to,
        rows.map((row) => row.change),
      );
      const data = { task: change.task, why: input.why, to: input.to };
      return {
        answer: { change: change.id, to: input.to },
        events: [event('queue.moved', `change/${change.id}`, data)],
      };
    },
    after: thenWake(gateway),
  });

function decideOrder(change: ChangeRow | undefined, wanted: string) {
  const [first, ...others] = inQueue(change, wanted);
  if (first !== undefined || change === undefined)
    return denied(first ?? reason('change.missing', wanted), ...others);
  return allowUnless([], change);
}
