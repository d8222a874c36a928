/** The form of the name of a runner, which stands in folders and messages. */
export const runnerNamePattern = /^[a-z0-9][a-z0-9._-]{0,62}$/;
