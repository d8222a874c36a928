/** States of a task. `in_progress` always has a live lease. */
export type TaskState = 'backlog' | 'ready' | 'in_progress' | 'gated' | 'done' | 'abandoned';

/** What can happen to a task. */
export type TaskEvent =
  | 'ready'
  | 'unready'
  | 'claim'
  | 'steal'
  | 'release'
  | 'expire'
  | 'submit'
  | 'refuse'
  | 'finish'
  | 'abandon';

/** The one table of transitions: every pair is answered, `null` means the event is refused in that state. */
export const taskTransitions: Readonly<Record<TaskState, Readonly<Record<TaskEvent, TaskState | null>>>> = {
  backlog: {
    ready: 'ready',
    unready: null,
    claim: null,
    steal: null,
    release: null,
    expire: null,
    submit: null,
    refuse: null,
    finish: null,
    abandon: 'abandoned',
  },
  ready: {
    ready: null,
    unready: 'backlog',
    claim: 'in_progress',
    steal: null,
    release: null,
    expire: null,
    submit: null,
    refuse: null,
    finish: null,
    abandon: 'abandoned',
  },
  in_progress: {
    ready: null,
    unready: null,
    claim: null,
    steal: 'in_progress',
    release: 'ready',
    expire: 'ready',
    submit: 'gated',
    refuse: null,
    finish: null,
    abandon: 'abandoned',
  },
  gated: {
    ready: null,
    unready: null,
    claim: null,
    steal: null,
    release: null,
    expire: null,
    submit: null,
    refuse: 'ready',
    finish: 'done',
    abandon: null,
  },
  done: {
    ready: null,
    unready: null,
    claim: null,
    steal: null,
    release: null,
    expire: null,
    submit: null,
    refuse: null,
    finish: null,
    abandon: null,
  },
  abandoned: {
    ready: null,
    unready: null,
    claim: null,
    steal: null,
    release: null,
    expire: null,
    submit: null,
    refuse: null,
    finish: null,
    abandon: null,
  },
};

/** States of a change, from submission to main. */
export type ChangeState = 'gating' | 'judging' | 'approved' | 'landing' | 'landed' | 'refused';

export type ChangeEvent =
  | 'gatesPassed'
  | 'gateFailed'
  | 'approve'
  | 'reject'
  | 'intend'
  | 'land'
  | 'void'
  | 'rebuild'
  | 'conflict'
  | 'accept';

export const changeTransitions: Readonly<
  Record<ChangeState, Readonly<Record<ChangeEvent, ChangeState | null>>>
> = {
  gating: {
    gatesPassed: 'judging',
    gateFailed: 'refused',
    approve: null,
    reject: 'refused',
    intend: null,
    land: null,
    void: null,
    rebuild: 'gating',
    conflict: 'refused',
    accept: null,
  },
  judging: {
    gatesPassed: null,
    gateFailed: 'refused',
    approve: 'approved',
    reject: 'refused',
    intend: null,
    land: null,
    void: null,
    rebuild: 'gating',
    conflict: 'refused',
    accept: null,
  },
  approved: {
    gatesPassed: null,
    gateFailed: null,
    approve: null,
    reject: null,
    intend: 'landing',
    land: null,
    void: null,
    rebuild: 'gating',
    conflict: 'refused',
    accept: 'landed',
  },
  landing: {
    gatesPassed: null,
    gateFailed: null,
    approve: null,
    reject: null,
    intend: null,
    land: 'landed',
    void: 'approved',
    rebuild: null,
    conflict: null,
    accept: null,
  },
  landed: {
    gatesPassed: null,
    gateFailed: null,
    approve: null,
    reject: null,
    intend: null,
    land: null,
    void: null,
    rebuild: null,
    conflict: null,
    accept: null,
  },
  refused: {
    gatesPassed: null,
    gateFailed: null,
    approve: null,
    reject: null,
    intend: null,
    land: null,
    void: null,
    rebuild: null,
    conflict: null,
    accept: null,
  },
};

/** Where `event` leads from `state`, or null when it is refused there. */
export const taskAfter = (state: TaskState, event: TaskEvent): TaskState | null =>
  taskTransitions[state][event];

export const changeAfter = (state: ChangeState, event: ChangeEvent): ChangeState | null =>
  changeTransitions[state][event];
