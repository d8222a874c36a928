import type { Socket } from 'node:net';
import { finished, type Readable, type Writable } from 'node:stream';
import { fail } from '../../lib/errors.ts';
import { saidFault } from '../../lib/machine-fault.ts';
import { terminate } from '../../process/terminate.ts';
import type { FromHelper, ToHelper } from './protocol.ts';

/** The end of a child: an exit code, or the signal that ended it. */
export interface ChildExit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** A running child. Its streams are handed out paused (pipe or resume them) and carry backpressure. */
export interface Child {
  readonly pid: number;
  readonly stdin?: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Output of the child's descriptor 3. */
  readonly from3?: Readable;
  /** Input of the child's descriptor 4. */
  readonly to4?: Writable;
  /** Settles when the process has ended; its streams may still hold bytes. Never rejects. */
  readonly exited: Promise<ChildExit>;
  /** Ends the whole process group: SIGTERM, then SIGKILL after `graceMs` (0: at once). */
  kill(graceMs?: number): void;
  /** Frees every descriptor of a child; a caller that does not read all streams to the end must call this. */
  release(): void;
}

/**
 * Limit for the connections of a child to arrive; beyond it they never will: this process is short of
 * descriptors.
 */
const connectMsDefault = 10_000;

interface ChildEntry {
  readonly id: number;
  readonly file: string;
  /** Descriptors whose connection must have arrived before the child is handed out. */
  readonly needs: readonly number[];
  readonly sockets: (Socket | undefined)[];
  readonly exited: Promise<ChildExit>;
  end(exit: ChildExit): void;
  resolve(child: Child): void;
  reject(error: Error): void;
  pid?: number;
  handedOut: boolean;
  ended: boolean;
}

type Send = (message: ToHelper) => void;

function kill(entry: ChildEntry, graceMs: number, send: Send): void {
  const signal = (name: 'SIGTERM' | 'SIGKILL'): void => {
    if (!entry.ended) send({ kind: 'kill', id: entry.id, signal: name });
  };
  const ending = { ask: () => signal('SIGTERM'), kill: () => signal('SIGKILL'), ended: entry.exited };
  void terminate(ending, graceMs);
}

/** Resolves the child of an entry once all of its connections are there. */
function handOut(entry: ChildEntry, send: Send): void {
  const { pid, sockets, exited } = entry;
  const [, stdout, stderr, from3] = sockets;
  if (pid === undefined || stdout === undefined || stderr === undefined) return;
  if (entry.needs.some((descriptor) => sockets[descriptor] === undefined)) return;
  entry.handedOut = true;
  // Readable sides are never written to; closing the socket at their end frees the descriptor.
  for (const readable of [stdout, stderr, from3].filter((socket) => socket !== undefined)) {
    finished(readable, { writable: false }, () => readable.destroy());
  }
  // A child that has ended reads no more input; the connection closes only when both ends close.
  void exited.then(() => {
    for (const writable of [sockets[0], sockets[4]]) writable?.destroy();
  });
  entry.resolve({
    pid,
    stdout,
    stderr,
    ...optional(entry),
    exited,
    kill: (graceMs = 0) => kill(entry, graceMs, send),
    release: () => release(entry),
  });
}

function release({ sockets }: ChildEntry): void {
  for (const socket of sockets) socket?.destroy();
}

function optional({ sockets: [stdin, , , from3, to4] }: ChildEntry): Pick<Child, 'stdin' | 'from3' | 'to4'> {
  return { ...(stdin && { stdin }), ...(from3 && { from3 }), ...(to4 && { to4 }) };
}

function makeEntry(
  id: number,
  file: string,
  needs: readonly number[],
): { entry: ChildEntry; child: Promise<Child> } {
  let end: ChildEntry['end'] = () => undefined;
  const exited = new Promise<ChildExit>((resolve) => {
    end = resolve;
  });
  let settle: Pick<ChildEntry, 'resolve' | 'reject'> = { resolve: () => undefined, reject: () => undefined };
  const child = new Promise<Child>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return {
    child,
    entry: { id, file, needs, sockets: [], exited, end, ...settle, handedOut: false, ended: false },
  };
}

/**
 * The children of one helper process: joins the messages of its channel with the connections on the private
 * socket.
 */
export function createChildren(send: Send, connectMsMax = connectMsDefault) {
  const entries = new Map<number, ChildEntry>();

  const drop = (entry: ChildEntry, found: string): void => {
    entries.delete(entry.id);
    entry.ended = true;
    release(entry);
    entry.reject(fail(saidFault(found) ?? 'git.failed', entry.file, { found }));
    entry.end({ code: null, signal: null });
  };

  /** Gives up on a child whose connections do not arrive: its caller would wait for ever. */
  const giveUp = (entry: ChildEntry): void => {
    if (entry.handedOut || entry.ended) return;
    kill(entry, 0, send);
    drop(entry, 'its connections did not arrive: Too many open files');
  };

  /** Forgets a child after its end and its last connection, in either order: a short-lived one may end first. */
  const tidy = (entry: ChildEntry): void => {
    if (!entry.handedOut) handOut(entry, send);
    if (entry.handedOut && entry.ended) entries.delete(entry.id);
  };

  return {
    expect(id: number, file: string, needs: readonly number[]): Promise<Child> {
      const { entry, child } = makeEntry(id, file, needs);
      entries.set(id, entry);
      const timer = setTimeout(giveUp, connectMsMax, entry).unref();
      void child.catch(() => undefined).finally(() => clearTimeout(timer));
      return child;
    },
    /** Gives a connection to its child; false when there is no such child. */
    attach(id: number, descriptor: number, socket: Socket): boolean {
      const entry = entries.get(id);
      if (entry === undefined) return false;
      entry.sockets[descriptor] = socket;
      tidy(entry);
      return true;
    },
    hear(message: FromHelper): void {
      const entry = entries.get(message.id);
      if (entry === undefined) return;
      if (message.kind === 'failed') {
        drop(entry, message.message);
        return;
      }
      if (message.kind === 'started') {
        entry.pid = message.pid;
      } else {
        entry.ended = true;
        entry.end({ code: message.code, signal: message.signal });
      }
      tidy(entry);
    },
    abandon(found: string): void {
      for (const entry of [...entries.values()]) drop(entry, found);
    },
  };
}
