import { type After, afterMove, type Before, type Ends, type Moves } from '../lib/moves.ts';

/** States of a task. `in_progress` always has a live lease. */
export const taskStates = ['backlog', 'ready', 'in_progress', 'gated', 'done', 'abandoned'] as const;
/** State of a task. */
export type TaskState = (typeof taskStates)[number];

/** Events that move a task: every statement that moves a task is made from this table. */
export const taskMoves = {
  ready: { from: ['backlog'], to: 'ready' },
  unready: { from: ['ready'], to: 'backlog' },
  claim: { from: ['ready'], to: 'in_progress' },
  steal: { from: ['in_progress'], to: 'in_progress' },
  release: { from: ['in_progress'], to: 'ready' },
  expire: { from: ['in_progress'], to: 'ready' },
  submit: { from: ['in_progress'], to: 'gated' },
  refuse: { from: ['gated'], to: 'ready' },
  finish: { from: ['gated'], to: 'done' },
  abandon: { from: ['backlog', 'ready', 'in_progress'], to: 'abandoned' },
} as const satisfies Moves<TaskState>;

/** Event that moves a task. */
export type TaskEvent = keyof typeof taskMoves;
/** States in which an event may happen to a task. */
export type TaskBefore<Event extends TaskEvent> = Before<typeof taskMoves, Event>;

/** Final states of a task: no event happens in them. */
export const taskEnds = { done: true, abandoned: true } as const satisfies Record<
  Ends<TaskState, typeof taskMoves>,
  true
>;

/** States of a change, from submission to main. */
export const changeStates = ['gating', 'judging', 'approved', 'landing', 'landed', 'refused'] as const;
/** State of a change. */
export type ChangeState = (typeof changeStates)[number];

/** Events that move a change. */
export const changeMoves = {
  gatesPassed: { from: ['gating'], to: 'judging' },
  gateFailed: { from: ['gating', 'judging', 'approved'], to: 'refused' },
  gateVoided: { from: ['judging'], to: 'gating' },
  approve: { from: ['judging'], to: 'approved' },
  reject: { from: ['gating', 'judging'], to: 'refused' },
  intend: { from: ['approved'], to: 'landing' },
  land: { from: ['landing'], to: 'landed' },
  void: { from: ['landing'], to: 'approved' },
  rebuild: { from: ['gating', 'judging', 'approved'], to: 'gating' },
  conflict: { from: ['gating', 'judging', 'approved'], to: 'refused' },
  withdraw: { from: ['gating', 'judging', 'approved'], to: 'refused' },
  accept: { from: ['approved'], to: 'landed' },
} as const satisfies Moves<ChangeState>;

/** Event that moves a change. */
export type ChangeEvent = keyof typeof changeMoves;
/** States in which an event may happen to a change. */
export type ChangeBefore<Event extends ChangeEvent> = Before<typeof changeMoves, Event>;
/** State of a change after an event. */
export type ChangeAfter<Event extends ChangeEvent> = After<typeof changeMoves, Event>;

/** Final states of a change: no event happens in them. */
export const changeEnds = { landed: true, refused: true } as const satisfies Record<
  Ends<ChangeState, typeof changeMoves>,
  true
>;

/** The state that `event` leads to, or null when the event is refused in `state`. */
export const taskAfter = (state: TaskState, event: TaskEvent): TaskState | null =>
  afterMove<TaskState>(taskMoves[event], state);

/** The state of a change that `event` leads to, or null when the event is refused in `state`. */
export const changeAfter = (state: ChangeState, event: ChangeEvent): ChangeState | null =>
  afterMove<ChangeState>(changeMoves[event], state);

interface InTaskState {
  readonly state: TaskState;
}
interface InChangeState {
  readonly state: ChangeState;
}

/** True when `event` may happen to the task in its present state. Only a task that passed this test can be moved. */
export const taskMay = <T extends InTaskState, Event extends TaskEvent>(
  task: T,
  event: Event,
): task is T & { readonly state: TaskBefore<Event> } => taskAfter(task.state, event) !== null;

/** True when `event` may happen to the change in its present state. */
export const changeMay = <C extends InChangeState, Event extends ChangeEvent>(
  change: C,
  event: Event,
): change is C & { readonly state: ChangeBefore<Event> } => changeAfter(change.state, event) !== null;

/** True for a final state of a task. */
export const isTaskEnd = (state: TaskState): state is keyof typeof taskEnds => Object.hasOwn(taskEnds, state);

/** True for a final state of a change. */
export const isChangeEnd = (state: ChangeState): state is keyof typeof changeEnds =>
  Object.hasOwn(changeEnds, state);
