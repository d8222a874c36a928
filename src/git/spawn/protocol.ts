/**
 * Messages between the gateway and its helper over the helper's IPC channel. The bytes of a child never pass
 * here: each of its streams is a separate connection to the gateway's private socket, and the child inherits
 * the connection.
 */
export type ToHelper =
  | {
      readonly kind: 'start';
      readonly id: number;
      readonly file: string;
      readonly args: readonly string[];
      readonly cwd: string;
      readonly env: Readonly<Record<string, string>>;
      /** True when the child gets a stdin; otherwise it reads end of file at once. */
      readonly stdin: boolean;
      /** True when the child gets descriptor 3 (the child writes) and 4 (the child reads). */
      readonly talk: boolean;
    }
  | { readonly kind: 'kill'; readonly id: number; readonly signal: 'SIGTERM' | 'SIGKILL' };

/** A message of the helper to the gateway about one child. */
export type FromHelper =
  | { readonly kind: 'started'; readonly id: number; readonly pid: number }
  | {
      readonly kind: 'ended';
      readonly id: number;
      readonly code: number | null;
      readonly signal: string | null;
    }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string };

/** First line of every connection: ids of the child and of the descriptor. */
export const greeting = (id: number, descriptor: number): string => `${id} ${descriptor}\n`;
