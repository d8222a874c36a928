import { createServer } from 'node:net';

/** The port when nobody listens on it, else 0 for any. */
export function freePort(port: number, host: string): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(0));
    probe.listen(port, host, () => probe.close(() => resolve(port)));
  });
}
