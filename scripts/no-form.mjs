/**
 * Stands for `FormData` in the tRPC client of the command line, which asks of every input whether it is a form. No input
 * of Andon is one, and the global name makes Node load an HTTP client that no command uses.
 */
export class NoForm {}
