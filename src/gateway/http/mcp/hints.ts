/**
 * Mutations that take something away which no further call can bring back: work, rights, an open phase.
 * Clients ask a person before such tools (MCP `destructiveHint`); a test ensures that every path here is one
 * of the router.
 */
export const destructive: ReadonlySet<string> = new Set([
  'agent.terminate',
  'phase.advance',
  'plan.put',
  'plan.revert',
  'run.stop',
  'task.abandon',
  'task.release',
  'task.steal',
  'token.raiseEpoch',
  'token.revoke',
  'token.rotateKey',
  'verdict.reject',
]);

/** Mutations that change nothing more when they are called again with the same input (MCP `idempotentHint`). */
export const idempotent: ReadonlySet<string> = new Set([
  'agent.update',
  'plan.put',
  'plan.revert',
  'project.sync',
  'task.abandon',
  'task.renew',
  'token.revoke',
]);

/** Procedures that reach beyond the gateway and its database (MCP `openWorldHint`). */
export const openWorld: ReadonlySet<string> = new Set(['project.create', 'project.sync']);
