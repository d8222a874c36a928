/**
 * What the gateway and its helper say to each other over the helper's IPC channel. The bytes of a child never pass
 * here: each of its streams is a connection of its own to the gateway's private socket, and the child inherits it.
 */
export type ToHelper =
  | {
      readonly kind: 'start';
      readonly id: number;
      readonly file: string;
      readonly args: readonly string[];
      readonly cwd: string;
      readonly env: Readonly<Record<string, string>>;
      /** Whether the child gets a stdin; without one it reads end of file at once. */
      readonly stdin: boolean;
      /** Whether the child gets descriptor 3 (it writes) and 4 (it reads). */
      readonly talk: boolean;
    }
  | { readonly kind: 'kill'; readonly id: number; readonly signal: 'SIGTERM' | 'SIGKILL' };

export type FromHelper =
  | { readonly kind: 'started'; readonly id: number; readonly pid: number }
  | {
      readonly kind: 'ended';
      readonly id: number;
      readonly code: number | null;
      readonly signal: string | null;
    }
  | { readonly kind: 'failed'; readonly id: number; readonly message: string };

/** First line of every connection: which child, which descriptor. */
export const greeting = (id: number, descriptor: number): string => `${id} ${descriptor}\n`;
