import { mkdir, stat, unlink } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { fail } from '../../lib/errors.ts';

/**
 * Holds a folder for this process until released. The kernel releases the lock when the process dies, by any
 * cause. On Linux the lock is an abstract socket named by device and inode, so two names of one folder are
 * one lock; elsewhere it is a socket file in the folder. Errors: `store.locked`.
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const address = await lockAddress(folder);
  const server = createServer((socket) => socket.destroy());
  try {
    await listen(server, address);
  } catch (error) {
    if (!isInUse(error)) throw error;
    if (address.startsWith('\0') || (await answers(address))) throw fail('store.locked', folder);
    await unlink(address);
    await listen(server, address);
  }
  server.unref();
  return () => new Promise((resolve) => server.close(() => resolve()));
}

async function lockAddress(folder: string): Promise<string> {
  if (process.platform !== 'linux') return join(folder, 'lock.sock');
  const { dev, ino } = await stat(folder, { bigint: true });
  return `\0andon-store-${dev}-${ino}`;
}

const isInUse = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';

const listen = (server: Server, path: string): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ path }, () => resolve());
  });

const answers = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ path });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
  });
