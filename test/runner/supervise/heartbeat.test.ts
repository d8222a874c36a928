import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runnerGateway } from '../../../src/cli/runner/gateway.ts';
import { OutputFeed } from '../../../src/runner/output/output-feed.ts';
import { Heartbeat } from '../../../src/runner/supervise/heartbeat.ts';
import { linkTo } from '../../support/link.ts';
import { timeSlack } from '../../support/slack.ts';

const leaseMs = 4_000;

describe('the heart of a run', () => {
  let server: Server;
  let url: string;
  const sockets = new Set<Socket>();
  // Accepts everything and answers nothing, as the other end of a cut link.
  beforeAll(async () => {
    server = createServer((socket) => void sockets.add(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it('knows by its own clock that the lease is over while a beat waits for its answer, and ends at once', async () => {
    const link = linkTo(url, 'token', 'p');
    const startedMs = performance.now();
    const stopped: { cause: string; afterMs: number }[] = [];
    const heart: Heartbeat = new Heartbeat({
      run: 'run_0000000000aaaaaaaaaaaaaaaa',
      gateway: runnerGateway(link, 'r'),
      leaseMs,
      output: new OutputFeed(),
      expires: () => 0,
      seen: () => ({ usage: { tokens: 0, usdMicro: 0, turns: 0 }, hasProgress: false }),
      follow: async () => undefined,
      stop: (cause) => {
        stopped.push({ cause, afterMs: performance.now() - startedMs });
        heart.end();
      },
    });
    await heart.go();
    expect(sockets.size).toBeGreaterThan(0);
    expect(stopped[0]?.cause).toBe('lost_lease');
    expect(stopped[0]?.afterMs).toBeLessThan(leaseMs);
    expect(performance.now() - startedMs).toBeLessThan(leaseMs + 3_000 * timeSlack);
  });
});
