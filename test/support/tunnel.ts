import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** A port of this machine that leads to a gateway byte by byte, as ssh -L makes one. */
export interface Tunnel {
  readonly origin: string;
  /** Breaks what is open, and lets nothing through until `mend`. */
  cut(): void;
  mend(): void;
  close(): Promise<void>;
}

export async function openTunnel(url: string): Promise<Tunnel> {
  const { port } = new URL(url);
  const open = new Set<Socket>();
  let isCut = false;
  const server = createServer((inner) => {
    if (isCut) {
      inner.destroy();
      return;
    }
    const outer = connect(Number(port), '127.0.0.1');
    inner.pipe(outer).pipe(inner);
    for (const [one, other] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      open.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        open.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const breakAll = () => {
    for (const socket of open) socket.destroy();
  };
  return {
    origin: `http://localhost:${(server.address() as AddressInfo).port}`,
    cut: () => {
      isCut = true;
      breakAll();
    },
    mend: () => {
      isCut = false;
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        breakAll();
      }),
  };
}
