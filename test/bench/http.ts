import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createTRPCClient, httpLink } from '@trpc/client';
import { initTRPC } from '@trpc/server';
import { createHTTPHandler } from '@trpc/server/adapters/standalone';
import { z } from 'zod';
import type { AppRouter } from '../../src/gateway/router.ts';
import { load } from '../support/load.ts';
import { median } from './support/figures.ts';
import { startBenchGateway } from './support/gateway.ts';
import { type BenchTable, runWhenMain } from './support/table.ts';

const seconds = 3;
const rounds = Number(process.env.ROUNDS ?? 3);
const connections = 16;

const listen = (server: Server): Promise<number> =>
  new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  );

/** The bytes of the request that the official client sends, recorded through its own fetch. */
async function record(
  url: string,
  token: string | undefined,
  call: (client: ReturnType<typeof createTRPCClient<AppRouter>>) => Promise<unknown>,
): Promise<string> {
  let text = '';
  const client = createTRPCClient<AppRouter>({
    links: [
      httpLink({
        url: `${url}/trpc`,
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        fetch: async (input, init) => {
          const request = new Request(input as string, init as RequestInit);
          const target = new URL(request.url);
          const headers = [...request.headers].map(([name, value]) => `${name}: ${value}\r\n`).join('');
          text = `${request.method} ${target.pathname}${target.search} HTTP/1.1\r\nhost: ${target.host}\r\nconnection: keep-alive\r\n${headers}\r\n`;
          return fetch(input as string, init as RequestInit);
        },
      }),
    ],
  });
  await call(client);
  return text;
}

/** The same procedure with the same answer on tRPC's own standalone adapter, without any authentication. */
function standalone(answer: unknown): Server {
  const t = initTRPC.create();
  const input = z.strictObject({ project: z.string() });
  const router = t.router({ token: t.router({ keys: t.procedure.input(input).query(() => answer) }) });
  return createServer(createHTTPHandler({ router, basePath: '/trpc/' }));
}

async function rate(port: number, request: string): Promise<number> {
  const result = await load({ port, request, connections, seconds });
  if (result.failures > 0) throw new Error(`${result.failures} requests failed`);
  return result.perSecond;
}

/** An authorised query over HTTP beside raw node:http and tRPC's own adapter, in one run. */
export async function run(): Promise<BenchTable> {
  await using gateway = await startBenchGateway();
  const { url, token, owner } = gateway;
  await owner.project.create.mutate({ project: 'bench' });
  const raw = createServer((_req, res) => {
    const body = '{"result":{"data":"hello"}}';
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
    res.end(body);
  });
  const stock = standalone(await owner.token.keys.query({ project: 'bench' }));
  try {
    const rawPort = await listen(raw);
    const stockPort = await listen(stock);
    const gatewayPort = Number(new URL(url).port);
    const call = (client: ReturnType<typeof createTRPCClient<AppRouter>>) =>
      client.token.keys.query({ project: 'bench' });
    const ours = await record(url, token, call);
    const theirs = await record(`http://127.0.0.1:${stockPort}`, undefined, call);
    const rates = { raw: [] as number[], stock: [] as number[], ours: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      rates.raw.push(await rate(rawPort, theirs));
      rates.stock.push(await rate(stockPort, theirs));
      rates.ours.push(await rate(gatewayPort, ours));
    }
    const [rawRate, stockRate, ourRate] = [median(rates.raw), median(rates.stock), median(rates.ours)];
    const perSecond = (value: number): string => `${Math.round(value).toLocaleString('en')}/s`;
    const toRaw = ourRate / rawRate;
    const toStock = ourRate / stockRate;
    return {
      title: 'an authorised query over HTTP',
      rows: [
        { what: 'raw node:http hello', value: perSecond(rawRate) },
        {
          what: 'tRPC standalone adapter, no authentication',
          value: perSecond(stockRate),
          ratio: `${(stockRate / rawRate).toFixed(2)} of raw`,
        },
        {
          what: 'Andon: token, revocation, policy, zod',
          value: perSecond(ourRate),
          ratio: `${toRaw.toFixed(2)} of raw`,
          goal: '0.30',
          ok: toRaw >= 0.3,
        },
        {
          what: 'Andon beside the standalone adapter',
          value: `${toStock.toFixed(1)}×`,
          goal: '3×',
          ok: toStock >= 3,
        },
      ],
    };
  } finally {
    raw.close();
    stock.close();
  }
}

await runWhenMain(import.meta.url, run);
