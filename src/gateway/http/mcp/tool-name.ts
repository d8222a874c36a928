/** The name of a procedure's tool: `task.claim` becomes `task_claim`. */
export const toolName = (path: string): string =>
  path.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replaceAll('.', '_');
