import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Line, openLine, passTime } from '../../support/line.ts';
import {
  type Answered,
  actAs,
  askAs,
  askForSession,
  leaveAs,
  offerCode,
  openHalves,
  type PageHalves,
  sendRaw,
  signedHeaders,
  streamAs,
} from '../../support/page-client.ts';
import { planHead } from '../../support/plan-head.ts';
import { waitUntil } from '../../support/wait.ts';

const plan = `
${planHead()}
tasks:
  cart: { title: Cart, phase: build, write: ["src/cart/**"] }
`;

const codeOf = ({ body }: Answered): string => body.error?.data?.andon?.code ?? 'none';
const otherPort = 'http://127.0.0.1:5173';

describe('the session of a page', () => {
  let line: Line;
  let url: string;
  let halves: PageHalves;
  beforeAll(async () => {
    line = await openLine('pglite', { plan, config: { pageStreamsMax: 10 } });
    url = line.url;
    halves = await openHalves(url, await offerCode(line.owner, url));
  });
  afterAll(() => line.close());

  const wall = (forged?: Parameters<typeof askAs>[4], by = halves) =>
    askAs(url, by, 'page.wall', { project: '*' }, forged);
  const signedNow = () => Math.floor(line.app.gateway.nowSeconds());

  it('asks and acts under the grant of whoever opened it, and is named in the log', async () => {
    expect((await wall()).body.result.data.projects[0].name).toBe('shop');
    const requestId = `page:${halves.session}:11111111-2222-3333-4444-555555555555`;
    const pull = () => actAs(url, halves, 'cord.pull', { project: 'shop', why: 'a test' }, { requestId });
    const [first, second] = [await pull(), await pull()];
    expect(first.body.result.data).toEqual(second.body.result.data);
    expect((await line.events()).filter(({ type }) => type === 'cord.pulled')).toHaveLength(1);
    // An event is listed once it has its place in the log.
    const listed = () => line.owner.event.list.query({ project: 'shop', types: ['cord.pulled'] });
    await waitUntil(async () => (await listed()).events.length > 0);
    expect((await listed()).events[0]).toMatchObject({ actor: 'human:owner', requestId });
  });

  it('has eight streams at most, gets closed ones back, and takes none from others', async () => {
    const end = new AbortController();
    for (let n = 0; n < 8; n++) expect((await streamAs(url, halves, end.signal)).status).toBe(200);
    expect(await streamAs(url, halves, end.signal)).toEqual({ status: 429, code: 'request.streams' });
    const other = await openHalves(url, await offerCode(line.owner, url));
    for (let n = 0; n < 2; n++) expect((await streamAs(url, other, end.signal)).status).toBe(200);
    // All sessions together have so many; agents have streams of their own beside them.
    expect(await streamAs(url, other, end.signal)).toEqual({ status: 503, code: 'gateway.streams' });
    end.abort();
    const again = new AbortController();
    await waitUntil(async () => (await streamAs(url, halves, again.signal)).status === 200);
    again.abort();
  });

  it('gets a long answer compressed, where the browser takes that, and a short one as it is', async () => {
    const tokens = Array.from({ length: 60 }, (_, n) => `agent:builder-with-a-long-name-${n}`);
    for (const agent of tokens) await line.mint(agent);
    const asked = async (encoding: string, project: string) =>
      askAs(url, halves, 'agent.list', { project }, { headers: { 'accept-encoding': encoding } });
    const packed = await asked('gzip, br', 'shop');
    expect(packed.headers['content-encoding']).toBe('gzip');
    const plain = await asked('identity', 'shop');
    expect(plain.headers['content-encoding']).toBeUndefined();
    const [packedBytes, plainBytes] = [packed, plain].map(({ headers }) => Number(headers['content-length']));
    expect(plainBytes).toBeGreaterThan(8 * 1024);
    expect(packedBytes).toBeLessThan(Number(plainBytes) / 3);
    expect(String(packed.headers.vary)).toContain('accept-encoding');
    const short = await askAs(
      url,
      halves,
      'question.list',
      { project: 'shop' },
      { headers: { 'accept-encoding': 'gzip' } },
    );
    expect([short.status, short.headers['content-encoding']]).toEqual([200, undefined]);
  });

  it('takes no code twice, none after a minute, none at another origin, and no wrong one', async () => {
    const code = await offerCode(line.owner, url);
    await openHalves(url, code);
    expect(codeOf((await askForSession(url, code)).answered)).toBe('page.code');
    expect(codeOf((await askForSession(url, 'a'.repeat(26))).answered)).toBe('page.code');
    const elsewhere = await offerCode(line.owner, otherPort);
    expect(codeOf((await askForSession(url, elsewhere)).answered)).toBe('page.code');
    const late = await offerCode(line.owner, url);
    await passTime(61_000, line);
    expect(codeOf((await askForSession(url, late)).answered)).toBe('page.code');
  });

  it('is asked for by its own page alone', async () => {
    const code = await offerCode(line.owner, url);
    const sites = [
      { origin: url, 'sec-fetch-site': 'same-site' },
      { origin: url },
      { 'sec-fetch-site': 'same-origin' },
    ];
    for (const headers of sites)
      expect(codeOf((await askForSession(url, code, headers)).answered), JSON.stringify(headers)).toBe(
        'page.session',
      );
    const foreign = { origin: otherPort, 'sec-fetch-site': 'same-site' };
    expect(codeOf((await askForSession(url, code, foreign)).answered)).toBe('request.host');
  });

  it('is typed in twelve characters, and no more after five wrong guesses', async () => {
    const code = await offerCode(line.owner, url);
    expect((await askForSession(url, code.slice(0, 12))).answered.status).toBe(200);
    const guessed = await offerCode(line.owner, url);
    for (let tries = 0; tries < 5; tries++)
      expect(codeOf((await askForSession(url, 'a'.repeat(12))).answered)).toBe('page.code');
    expect(codeOf((await askForSession(url, guessed.slice(0, 12))).answered)).toBe('page.code');
    // The whole code is no guess.
    expect((await askForSession(url, guessed)).answered.status).toBe(200);
  });

  it('needs both halves: neither the cookie nor the key lets anybody in', async () => {
    const other = await openHalves(url, await offerCode(line.owner, url));
    const noKey = { headers: { 'andon-page': undefined } };
    expect(codeOf(await wall({ ...noKey, seconds: signedNow() }))).toBe('page.session');
    expect(codeOf(await wall({ headers: { cookie: undefined }, seconds: signedNow() }))).toBe('page.session');
    const mixed = { ...halves, key: other.key };
    expect(codeOf(await wall({ seconds: signedNow() }, mixed))).toBe('page.session');
  });

  it('takes each signed call once, for thirty seconds, and as it was signed', async () => {
    const seconds = signedNow();
    const path = `/trpc/page.wall?input=${encodeURIComponent('{"project":"*"}')}`;
    const headers = signedHeaders(url, halves, { method: 'GET', path, body: '' }, { seconds });
    expect((await sendRaw(url, { path, headers })).status).toBe(200);
    expect(codeOf(await sendRaw(url, { path, headers }))).toBe('page.session');
    for (const forged of [
      { seconds: seconds - 31 },
      { seconds: seconds + 40 },
      { seconds, signed: { path: '/trpc/page.wall' } },
      { seconds, signed: { method: 'POST' } },
      { seconds, signed: { body: '{}' } },
      { seconds, signed: { requestId: 'page:x:y' } },
      { seconds, origin: otherPort },
    ])
      expect(codeOf(await wall(forged)), JSON.stringify(forged)).toBe('page.session');
  });

  it('is used from its own origin alone: no page of another port, and no other Host', async () => {
    const seconds = signedNow();
    expect(codeOf(await wall({ seconds, headers: { 'sec-fetch-site': 'same-site' } }))).toBe('page.session');
    expect(codeOf(await wall({ seconds, headers: { 'sec-fetch-site': undefined } }))).toBe('page.session');
    expect(codeOf(await wall({ seconds, headers: { origin: otherPort } }))).toBe('request.host');
    const { port } = new URL(url);
    expect(codeOf(await wall({ seconds, headers: { host: 'evil.example' } }))).toBe('request.host');
    expect(codeOf(await wall({ seconds, headers: { host: `localhost:${port}` } }))).toBe('page.session');
    const posted = { seconds, headers: { origin: undefined } };
    const pull = await actAs(url, halves, 'cord.pull', { project: 'shop', why: 'x' }, posted);
    expect(codeOf(pull)).toBe('page.session');
  });

  it('counts nowhere but for the calls of the page, and never beside a token', async () => {
    const { cookie } = halves;
    for (const path of ['/metrics', '/mcp', '/git/shop.git/info/refs?service=git-upload-pack']) {
      const headers = signedHeaders(url, halves, { method: 'GET', path, body: '' }, { seconds: signedNow() });
      const bare = await sendRaw(url, { path, headers: { host: new URL(url).host } });
      expect((await sendRaw(url, { path, headers })).status, path).toBe(bare.status);
    }
    const builder = await line.mint('agent:builder');
    const path = `/trpc/page.sessions?input=${encodeURIComponent('{"project":"*"}')}`;
    const headers = { cookie, authorization: `Bearer ${builder.token}` };
    expect(codeOf(await sendRaw(url, { path, headers }))).toMatch(/^grant\./);
  });

  it('hands out no token, to read-only sessions no change, and to agents no session', async () => {
    const seconds = signedNow();
    const minted = await actAs(url, halves, 'token.mint', { project: 'shop', agent: 'agent:x' }, { seconds });
    expect(codeOf(minted)).toBe('grant.action');
    const reader = await openHalves(url, await offerCode(line.owner, url, { readOnly: true }));
    expect((await wall({ seconds }, reader)).status).toBe(200);
    const answer = { project: 'shop', task: 'cart', question: 'qst_x', answer: 'x' };
    expect(codeOf(await actAs(url, reader, 'task.answer', answer, { seconds }))).not.toBe('none');
    const lead = await line.mint('agent:lead', { tier: 'executive' });
    await expect(offerCode(lead.client, url)).rejects.toThrow();
    await expect(offerCode(line.owner, 'http://10.0.0.1:80')).rejects.toThrow(/page\.origin/);
  });

  it('ends by itself or by its owner, and leaves the grant alive', async () => {
    const ended = await openHalves(url, await offerCode(line.owner, url));
    await line.owner.page.end.mutate({ project: '*', id: ended.session });
    await waitUntil(async () => codeOf(await wall({ seconds: signedNow() }, ended)) === 'token.revoked');
    // One that only reads may end itself too, and nobody without its key can.
    const own = await openHalves(url, await offerCode(line.owner, url, { readOnly: true }));
    const forged = { ...own, key: halves.key };
    expect(codeOf(await leaveAs(url, forged, { seconds: signedNow() }))).toBe('page.session');
    expect((await wall({ seconds: signedNow() }, own)).status).toBe(200);
    expect((await leaveAs(url, own, { seconds: signedNow() })).status).toBe(200);
    await waitUntil(async () => codeOf(await wall({ seconds: signedNow() }, own)) === 'token.revoked');
    await waitUntil(async () => {
      const { events } = await line.owner.event.list.query({ project: '*', after: 0, limit: 1000 });
      const told = events.find(
        ({ type, subject }) => type === 'page.ended' && subject === `page/${own.session}`,
      );
      return told?.actor === 'human:owner' && (told.data as { why?: string }).why === 'signed out';
    });
    expect((await wall({ seconds: signedNow() })).status).toBe(200);
    const sessions = await line.owner.page.sessions.query({ project: '*' });
    expect(sessions.find(({ id }) => id === ended.session)?.endedAt).not.toBeNull();
    // An hour without anybody who looks.
    await passTime(61 * 60_000, line);
    expect(codeOf(await wall({ seconds: signedNow() }))).toBe('page.idle');
  });
});
