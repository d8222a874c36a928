// The helper process: starts children for the gateway, because starting one costs a big process tens of
// milliseconds of a blocked event loop and a small one about two. The helper's only state is the list of its
// children.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { killGroup } from '../../process/terminate.ts';
import { type FromHelper, greeting, type ToHelper } from './protocol.ts';

const socketPath = process.argv[2] ?? '';
const children = new Map<number, ChildProcess>();

const tell = (message: FromHelper): void => {
  if (process.connected) process.send?.(message);
};

async function open(id: number, descriptor: number): Promise<Socket> {
  const socket = connect({ path: socketPath, allowHalfOpen: true });
  socket.on('error', () => socket.destroy());
  await once(socket, 'connect');
  await new Promise<void>((resolve, reject) => {
    socket.write(greeting(id, descriptor), (error) => (error ? reject(error) : resolve()));
  });
  return socket;
}

type Order = Extract<ToHelper, { kind: 'start' }>;

async function start(order: Order): Promise<void> {
  const { id } = order;
  const [stdin, output, talk] = await Promise.all([
    order.stdin ? open(id, 0) : undefined,
    Promise.all([open(id, 1), open(id, 2)]),
    Promise.all(order.talk ? [open(id, 3), open(id, 4)] : []),
  ]);
  const child = spawn(order.file, order.args, {
    cwd: order.cwd,
    env: order.env,
    // A separate group, so that one signal reaches every process that the child started.
    detached: true,
    // Descriptors 0 to 2 are the connections themselves: no byte is copied here. libuv makes only those
    // blocking, and a shell cannot read from a non-blocking one, so 3 and 4 are pipes that the helper copies.
    stdio: [stdin ?? 'ignore', ...output, ...talk.map(() => 'pipe' as const)],
  });
  for (const socket of [stdin, ...output]) socket?.destroy();
  children.set(id, child);
  watch(id, child, talk);
  pump(child, talk);
  if (child.pid !== undefined) tell({ kind: 'started', id, pid: child.pid });
}

function watch(id: number, child: ChildProcess, [from3, to4]: readonly Socket[]): void {
  child.once('error', (error) => {
    children.delete(id);
    from3?.destroy();
    to4?.destroy();
    tell({ kind: 'failed', id, message: error.message });
  });
  child.once('exit', (code, signal) => {
    children.delete(id);
    to4?.destroy();
    tell({ kind: 'ended', id, code, signal });
  });
}

function pump(child: ChildProcess, [from3, to4]: readonly Socket[]): void {
  if (from3 === undefined || to4 === undefined) return;
  const out = child.stdio[3] as Readable;
  const into = child.stdio[4] as Writable;
  out.on('error', () => from3.destroy());
  into.on('error', () => to4.destroy());
  out.pipe(from3);
  to4.pipe(into);
}

const kill = (id: number, signal: 'SIGTERM' | 'SIGKILL'): void => killGroup(children.get(id)?.pid, signal);

process.on('message', (message: ToHelper) => {
  if (message.kind === 'kill') {
    kill(message.id, message.signal);
    return;
  }
  start(message).catch((error: unknown) => tell({ kind: 'failed', id: message.id, message: String(error) }));
});

// The gateway has ended, by any cause: none of its children may live on.
process.once('disconnect', () => {
  for (const id of children.keys()) kill(id, 'SIGKILL');
  rmSync(dirname(socketPath), { recursive: true, force: true });
  process.exit(0);
});
// A Ctrl-C in the terminal reaches the whole foreground group; the gateway decides when its children end.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
