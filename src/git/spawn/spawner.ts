import { type ChildProcess, fork } from 'node:child_process';
import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { fail } from '../../lib/errors.ts';
import { processEntry } from '../../process/entry.ts';
import { temporaryFolder } from '../temporary.ts';
import { type Child, createChildren } from './children.ts';
import type { FromHelper, ToHelper } from './protocol.ts';

/** A program to start, with its arguments, folder and environment. */
export interface StartOptions {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>;
  readonly stdin?: boolean;
  /** Gives the child descriptor 3 to write to and descriptor 4 to read from. */
  readonly talk?: boolean;
}

/** Starts and kills child processes. */
export interface ProcessSpawner {
  /** Starts a program without a shell. Rejects with `git.failed` when it cannot be started. */
  start(options: StartOptions): Promise<Child>;
  /** Kills every child and ends the helper. */
  close(): Promise<void>;
}

/**
 * Starts programs through one small helper process, so that starting one costs the same at any size of the
 * caller and does not block its event loop. Children die with the caller: the helper kills their groups when
 * its channel closes. (If caller and helper are killed at one moment, children meet end of file and a broken
 * pipe.)
 */
export function createSpawner(): ProcessSpawner {
  // Only the owner may enter this folder, so no other user reaches the socket in it.
  const folder = temporaryFolder('git');
  const socketPath = join(folder, 's');
  const connections = new Set<Socket>();
  let helper: ChildProcess | undefined;
  let nextId = 1;
  let closed = false;

  const send = (message: ToHelper): void => {
    if (helper?.connected) helper.send(message);
  };
  const children = createChildren(send);
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    greet(socket, children.attach);
  });
  const listening = new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(socketPath, resolve);
  });
  // The caller that starts a child learns of the failure; before such a call nothing listens for it.
  listening.catch(() => undefined);

  const ensureHelper = (): void => {
    if (helper?.connected) return;
    helper = startHelper(socketPath);
    helper.on('message', (message: FromHelper) => children.hear(message));
    helper.once('exit', () => children.abandon('the helper process ended'));
  };

  return {
    async start({ file, args, cwd, env, stdin = false, talk = false }) {
      await listening;
      if (closed) throw fail('git.failed', file, { found: 'the spawner is closed' });
      ensureHelper();
      const id = nextId++;
      const child = children.expect(id, file, [...(stdin ? [0] : []), ...(talk ? [3, 4] : [])]);
      send({ kind: 'start', id, file, args, cwd, env, stdin, talk });
      return child;
    },
    async close() {
      closed = true;
      await listening.catch(() => undefined);
      if (helper !== undefined) await endHelper(helper);
      children.abandon('the spawner is closed');
      for (const socket of connections) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function startHelper(socketPath: string): ChildProcess {
  const { file, execArgv } = processEntry('git/spawn/helper');
  return fork(file, [socketPath], {
    execArgv,
    env: {},
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

const greetingBytesMax = 32;

/** Reads the first line of a connection, then gives the connection, with every byte after it, to its child. */
function greet(socket: Socket, attach: (id: number, descriptor: number, socket: Socket) => boolean): void {
  socket.on('error', () => socket.destroy());
  let head: Buffer = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    head = Buffer.concat([head, chunk]);
    const end = head.indexOf('\n');
    if (end < 0 && head.length < greetingBytesMax) return;
    socket.off('data', onData);
    socket.pause();
    const [id = -1, descriptor = -1] = head.toString('latin1', 0, Math.max(end, 0)).split(' ').map(Number);
    if (head.length > end + 1) socket.unshift(head.subarray(end + 1));
    if (end < 0 || !attach(id, descriptor, socket)) socket.destroy();
  };
  socket.on('data', onData);
}

async function endHelper(helper: ChildProcess): Promise<void> {
  if (helper.exitCode !== null || helper.signalCode !== null) return;
  const gone = new Promise((resolve) => helper.once('exit', resolve));
  if (helper.connected) helper.disconnect();
  await gone;
}
