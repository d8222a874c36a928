/** A procedure that answers a list, as its tool shows it. */
export interface ListForm {
  /** The member that holds the rows; undefined where the answer is the list. */
  readonly member?: string;
  /** The members of a row that are shown; all of them without. */
  readonly columns?: readonly string[];
  /** The most rows that the procedure answers, where its input has a limit. */
  readonly rowsMax?: number;
  /** True when pages follow by the position of a row (`after`), not by the number of rows before. */
  readonly byPosition?: true;
}

/** Every procedure whose answer is a list, by its path. */
export const listForms: Readonly<Record<string, ListForm>> = {
  'agent.list': {
    member: 'agents',
    columns: ['name', 'tier', 'role', 'active', 'run', 'runState', 'tasks', 'seenAt'],
    rowsMax: 1000,
  },
  'audit.list': {
    member: 'audits',
    columns: ['id', 'kind', 'state', 'alert', 'title', 'askedBy', 'requestedAt', 'endedAt'],
    rowsMax: 200,
  },
  'audit.checkpoints': { rowsMax: 1000, byPosition: true },
  'change.list': {
    columns: ['id', 'task', 'state', 'author', 'commitId', 'note', 'createdAt'],
    rowsMax: 500,
  },
  'cord.log': { member: 'stops', rowsMax: 500 },
  'decision.list': {
    columns: ['id', 'question', 'decision', 'madeBy', 'affects', 'supersededBy', 'at'],
    rowsMax: 200,
  },
  'decision.search': {
    columns: ['id', 'question', 'decision', 'madeBy', 'affects', 'supersededBy', 'score'],
    rowsMax: 50,
  },
  'event.list': {
    member: 'events',
    columns: ['position', 'at', 'type', 'subject', 'actor', 'allowed', 'data'],
    rowsMax: 1000,
    byPosition: true,
  },
  'gate.list': {
    columns: ['gate', 'status', 'manual', 'exitCode', 'ms', 'sandboxed', 'passedBy', 'tree', 'output'],
  },
  'message.list': {
    columns: ['id', 'at', 'kind', 'recipient', 'subject', 'title', 'body', 'data', 'readAt'],
    rowsMax: 500,
  },
  'phase.list': {},
  'project.list': {},
  'report.list': { columns: ['id', 'at', 'kind', 'byAgent', 'title', 'body'], rowsMax: 200 },
  'run.list': {
    member: 'runs',
    columns: [
      'id',
      'agent',
      'profile',
      'task',
      'change',
      'state',
      'outcome',
      'note',
      'attempt',
      'requestedAt',
      'endedAt',
    ],
    rowsMax: 1000,
  },
  'solution.list': {
    columns: ['id', 'error', 'gate', 'task', 'fixedBy', 'cause', 'fix', 'tried', 'worked', 'at'],
    rowsMax: 200,
  },
  'solution.search': {
    columns: ['id', 'similarity', 'error', 'gate', 'task', 'cause', 'fix', 'tried', 'worked'],
    rowsMax: 50,
  },
  'task.list': { columns: ['id', 'title', 'state', 'phase', 'holder', 'epoch', 'leaseUntil', 'deadline'] },
  'task.waiting': {},
  'token.list': {
    columns: ['gid', 'agent', 'parent', 'createdAt', 'expiresAt', 'revokedAt'],
    rowsMax: 1000,
  },
  'trigger.history': { member: 'fires', rowsMax: 1000 },
  'trigger.list': {
    columns: ['name', 'kind', 'state', 'source', 'owner', 'nextAt', 'fired', 'missed', 'refused'],
  },
  'verdict.list': { columns: ['id', 'approve', 'byAgent', 'tier', 'reasons', 'tree', 'at'] },
};

/** Procedures that answer one thing with texts that may be long. */
export const longTexts: ReadonlySet<string> = new Set([
  'audit.show',
  'change.show',
  'decision.list',
  'decision.search',
  'decision.show',
  'gate.list',
  'message.list',
  'report.list',
  'run.output',
  'run.show',
  'solution.list',
  'solution.search',
  'solution.show',
  'task.show',
]);
