import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { nodeHTTPRequestHandler } from '@trpc/server/adapters/node-http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createClient } from '../../../src/client.ts';
import { callOf } from '../../../src/gateway/admission/admission.ts';
import { createRouter } from '../../../src/gateway/router.ts';
import { type Line, openLine } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';

const plan = `
${planHead()}
tasks:
  cart: { title: Cart – größer, phase: build, write: ["src/cart/**"] }
`;
const project = 'shop';

interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

/** The thin handler and tRPC's own adapter, on the same router of the same gateway. */
describe('the thin handler, beside the adapter of tRPC', () => {
  let line: Line;
  let adapter: Server;
  let adapterUrl: string;
  beforeAll(async () => {
    line = await openLine('pglite', { plan });
    const router = createRouter(line.app.gateway);
    adapter = createServer((req, res) => {
      const call = line.app.gateway.tokens
        .identify(req.headers.authorization)
        .then((token) => callOf(token, { requestId: req.headers['x-request-id'] as string | undefined }));
      call.catch(() => undefined);
      const path = decodeURIComponent((req.url ?? '').split('?')[0]?.slice('/trpc/'.length) ?? '');
      void nodeHTTPRequestHandler({
        router,
        req,
        res,
        path,
        createContext: () => ({ call: () => call }),
        maxBodySize: 1024 * 1024,
      });
    });
    await new Promise<void>((resolve) => adapter.listen(0, '127.0.0.1', resolve));
    adapterUrl = `http://127.0.0.1:${(adapter.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    adapter.closeAllConnections();
    await new Promise((resolve) => adapter.close(resolve));
    await line.close();
  });

  /** The bytes that the official client sends for each of the calls. */
  async function record(
    calls: (client: ReturnType<typeof createClient>) => readonly Promise<unknown>[],
  ): Promise<Recorded[]> {
    const recorded: Recorded[] = [];
    const recorder = createServer((req, res) => {
      let body = '';
      req.on('data', (chunk) => {
        body += chunk;
      });
      req.on('end', () => {
        const { 'content-type': type, authorization = '', 'x-request-id': id } = req.headers;
        const headers = {
          authorization,
          ...(type === undefined ? {} : { 'content-type': type }),
          ...(typeof id === 'string' ? { 'x-request-id': id } : {}),
        };
        recorded.push({ method: req.method ?? '', url: req.url ?? '', headers, body });
        res.writeHead(200, { 'content-type': 'application/json' }).end('{"result":{"data":null}}');
      });
    });
    await new Promise<void>((resolve) => recorder.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(recorder.address() as AddressInfo).port}`;
    await Promise.allSettled(calls(createClient({ url, token: () => line.ownerToken(), requestId: 'same' })));
    recorder.closeAllConnections();
    recorder.close();
    return recorded;
  }

  async function replay(base: string, { method, url, headers, body }: Recorded): Promise<[number, unknown]> {
    const response = await fetch(`${base}${url}`, {
      method,
      headers,
      ...(method === 'POST' ? { body } : {}),
    });
    const text = await response.text();
    try {
      return [response.status, JSON.parse(text)];
    } catch {
      return [response.status, text];
    }
  }
  const both = async (one: Recorded) => ({
    thin: await replay(line.url, one),
    adapter: await replay(adapterUrl, one),
  });

  it('answers the requests of the official client alike: queries, mutations, refusals', async () => {
    const recorded = await record((client) => [
      client.task.list.query({ project }),
      client.task.show.query({ project, task: 'cart' }),
      client.task.show.query({ project, task: 'nowhere' }),
      client.task.list.query({ project: 'nowhere' }),
      client.plan.show.query({ project }),
      client.project.list.query({ project: '*' }),
      client.token.explain.query({ project }),
      client.task.list.query({ project, state: 'none' } as never),
      client.task.list.query({ project, more: 1 } as never),
      client.task.list.query(undefined as never),
      client.task.steal.mutate({ project, task: 'cart', to: 'agent:x', why: 'größer ✓ 🛒' }),
      client.task.ask.mutate({ project, task: 'cart', question: 'größer ✓ 🛒?' }),
      client.task.ask.mutate({ project, task: 'cart', question: '' }),
      client.verdict.approve.mutate({ project, change: 'chg_00000000', tree: 'x' }),
      client.project.create.mutate({ project: 'shop' }),
    ]);
    expect(recorded).toHaveLength(15);
    for (const one of recorded) {
      const answers = await both(one);
      expect(answers.thin, `${one.method} ${one.url} ${one.body}`).toEqual(answers.adapter);
    }
  });

  it.each([
    ['no token', 'GET', '/trpc/task.list?input=%7B%22project%22%3A%22shop%22%7D', '', { authorization: '' }],
    [
      'a token of garbage',
      'GET',
      '/trpc/task.list?input=%7B%22project%22%3A%22shop%22%7D',
      '',
      { authorization: 'Bearer x' },
    ],
    ['an unknown path', 'GET', '/trpc/task.nothing', '', {}],
    ['an unknown mutation', 'POST', '/trpc/nothing', '{}', {}],
    ['a query by POST', 'POST', '/trpc/task.list', '{"project":"shop"}', {}],
    ['a mutation by GET', 'GET', '/trpc/task.claim?input=%7B%22project%22%3A%22shop%22%7D', '', {}],
    ['an empty input', 'GET', '/trpc/task.list?input=', '', {}],
    ['an input of null', 'GET', '/trpc/task.list?input=null', '', {}],
    [
      'another parameter before the input',
      'GET',
      '/trpc/task.list?x=1&input=%7B%22project%22%3A%22shop%22%7D',
      '',
      {},
    ],
    [
      'a plus for a space',
      'POST',
      '/trpc/task.ask',
      '{"project":"shop","task":"cart","question":"a+b c"}',
      {},
    ],
    [
      'a body of another charset',
      'POST',
      '/trpc/task.ask',
      '{"project":"shop","task":"cart","question":"x"}',
      { 'content-type': 'application/json; charset=utf-8' },
    ],
  ])('answers alike: %s', async (_name, method, url, body, more: Record<string, string>) => {
    const headers = {
      authorization: `Bearer ${line.ownerToken()}`,
      'content-type': 'application/json',
      'x-request-id': `r-${_name.replaceAll(' ', '-')}`,
      ...more,
    };
    const answers = await both({ method, url, headers, body });
    expect(answers.thin).toEqual(answers.adapter);
  });

  it('keeps idle connections for longer than clients do', async () => {
    const response = await fetch(`${line.url}/livez`);
    const seconds = /timeout=(\d+)/.exec(response.headers.get('keep-alive') ?? '')?.[1];
    expect(Number(seconds)).toBeGreaterThan(60);
  });
});
