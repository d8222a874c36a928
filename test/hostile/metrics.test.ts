import { createServer, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RunUsage } from '../../src/runner/protocol.ts';
import { createMetricsIntake } from '../../src/runner/proxy/metrics-intake.ts';
import { exportOf } from '../support/otlp.ts';
import { waitUntil } from '../support/wait.ts';

const own = { authorization: 'Bearer own', 'content-type': 'application/json' };

describe('metrics that a hostile run sends', () => {
  let server: Server;
  let url: string;
  let spent: RunUsage[];
  beforeEach(async () => {
    spent = [];
    const intake = createMetricsIntake({
      isOwn: (token) => token === 'own',
      spent: (usage) => spent.push(usage),
    });
    server = createServer((incoming, answer) => void intake(incoming, answer));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/metrics`;
  });
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  const post = async (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = own) => {
    const answer = await fetch(url, { method: 'POST', body, headers });
    return { status: answer.status, text: await answer.text() };
  };
  const good = JSON.stringify(exportOf({ value: 7 }));
  /** The status of a body that the intake may cut short: fetch would only see the connection break. */
  const statusOf = (body: Buffer | string): Promise<number> =>
    new Promise((resolve, reject) => {
      const sent = request(url, { method: 'POST', headers: own }, (answer) =>
        resolve(answer.statusCode ?? 0),
      );
      sent.once('error', reject);
      sent.end(body);
    });

  it('with the token of another run, or none, count for nobody', async () => {
    expect((await post(good, { ...own, authorization: 'Bearer other' })).status).toBe(401);
    expect((await post(good, { 'content-type': 'application/json' })).status).toBe(401);
    expect(spent).toEqual([]);
    expect(await post(good)).toEqual({ status: 200, text: '{}' });
    expect(spent.at(-1)?.tokens).toBe(7);
  });

  it.each([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['null', 'null'],
    ['no list', '{"resourceMetrics":{"0":{}}}'],
    ['another signal', '{"resourceSpans":[]}'],
  ])('that are %s are answered with 400', async (_what, body) => {
    const { status, text } = await post(body);
    expect([status, text]).toEqual([400, 'andon: no OTLP metrics as JSON, at most 1 MB\n']);
    expect(spent).toEqual([]);
  });

  it.each([
    [
      'entries that are no objects',
      { resourceMetrics: [null, 1, { scopeMetrics: [7, { metrics: ['x'] }] }] },
    ],
    [
      'a sum without points',
      { resourceMetrics: [{ scopeMetrics: [{ metrics: [{ name: 'token.usage', sum: 3 }] }] }] },
    ],
  ])('with %s count nothing', async (_what, body) => {
    expect((await post(JSON.stringify(body))).status).toBe(200);
    expect(spent.at(-1)?.tokens).toBe(0);
  });

  it('with numbers that are none are told so, and take nothing away', async () => {
    await post(good);
    const odd = [-5, '-5', 'NaN', '1e400', 'Infinity'].map((value, n) => ({
      value,
      time: `${n + 3}`,
      delta: true,
    }));
    const { text } = await post(JSON.stringify(exportOf(...odd)));
    expect(JSON.parse(text).partialSuccess.rejectedDataPoints).toBe('5');
    // JSON has numbers beyond all that a program has.
    const endless = JSON.stringify(exportOf({ value: 1234 })).replace('1234', '1e400');
    expect(JSON.parse((await post(endless)).text).partialSuccess.rejectedDataPoints).toBe('1');
    expect(spent.at(-1)?.tokens).toBe(7);
  });

  it('as protobuf or by another method are refused', async () => {
    expect((await post(good, { ...own, 'content-type': 'application/x-protobuf' })).status).toBe(415);
    expect((await fetch(url, { headers: own })).status).toBe(405);
  });

  it('of more than a megabyte, packed or not, are not read to their end', async () => {
    expect(await statusOf(good + ' '.repeat(1024 * 1024)).catch(() => 400)).toBe(400);
    const bomb = gzipSync(Buffer.from(good + ' '.repeat(200 * 1024 * 1024)));
    expect(bomb.length).toBeLessThan(1024 * 1024);
    expect((await post(new Uint8Array(bomb), { ...own, 'content-encoding': 'gzip' })).status).toBe(400);
    const packed = new Uint8Array(gzipSync(Buffer.from(good)));
    expect((await post(packed, { ...own, 'content-encoding': 'gzip' })).status).toBe(200);
    expect(spent.at(-1)?.tokens).toBe(7);
  });

  it('nested a hundred thousand deep, in what is read and in what is not, break nothing', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    const attributes = `{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"token.usage","sum":{"dataPoints":[{"asInt":1,"attributes":${deep}}]}}]}]}]}`;
    expect([200, 400]).toContain((await post(attributes)).status);
    expect((await post(good)).status).toBe(200);
  });

  it('in bodies that never end are not kept in memory beyond four', async () => {
    const open = Array.from({ length: 4 }, () => {
      const sent = request(url, { method: 'POST', headers: own });
      sent.on('error', () => undefined);
      sent.write('{"x":"');
      return sent;
    });
    await waitUntil(async () => (await post(good)).status === 429);
    for (const one of open) one.destroy();
    await waitUntil(async () => (await post(good)).status === 200);
  });

  it('of ten thousand series are kept for four thousand, and the rest is told', async () => {
    const points = Array.from({ length: 5000 }, (_, n) => ({ value: 1, type: `t${n}` }));
    const { status, text } = await post(JSON.stringify(exportOf(...points)));
    expect([status, JSON.parse(text).partialSuccess.rejectedDataPoints]).toEqual([200, '904']);
  });
});
