/** Types of events that tell of no work: signs of life, and words of agents about themselves. */
export const lifeSigns: readonly string[] = [
  'agent.updated',
  'message.read',
  'run.taken',
  'task.renewed',
  'token.issued',
  'token.renewed',
];

/** Types of events that end a row of refusals. */
export const refusalsEnd: readonly string[] = ['change.pushed', 'change.submitted'];
