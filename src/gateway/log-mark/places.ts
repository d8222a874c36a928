import type { LogMark } from '../../store/log/mark.ts';

/** A place outside the database that holds a mark of the log. */
export interface MarkPlace {
  /** Name of the place in errors: a path, a program, a project. */
  readonly name: string;
  /** Shortest time between two writes, in milliseconds. */
  readonly everyMs: number;
  /** The mark; undefined when there is none yet. Rejects when it cannot be read. */
  read(): Promise<LogMark | undefined>;
  write(mark: LogMark): Promise<void>;
}

/** A witness beside the state folder, as the operator names it: `file:PATH`, `command:PATH` or `mirror`. */
export type WitnessName =
  | { readonly kind: 'file' | 'command'; readonly path: string }
  | { readonly kind: 'mirror' };

/** The witness that a text names; undefined for any other text. */
export function parseWitness(text: string): WitnessName | undefined {
  if (text === 'mirror') return { kind: 'mirror' };
  const [, kind, path = ''] = /^(file|command):(.+)$/.exec(text) ?? [];
  if (kind === 'file' || kind === 'command') return { kind, path };
  return undefined;
}
