import { createHmac } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkPlan } from '../../src/plan/check.ts';
import { parsePlan } from '../../src/plan/parse.ts';
import { statement } from '../../src/store/store.ts';
import { isPublic, targetOf } from '../../src/triggers/address.ts';
import { runCommand } from '../../src/triggers/command.ts';
import { post, signature } from '../../src/triggers/webhook.ts';
import { enginesOf } from '../support/engines.ts';
import { write } from '../support/gateway.ts';
import { codesOf, type Line, openLine, passTime } from '../support/line.ts';
import { planHead } from '../support/plan-head.ts';
import { waitUntil } from '../support/wait.ts';

const base = `
${planHead({ done: 'artefact' })}
agents:
  lead: { tier: executive }
  fixer: { tier: implementer, adapter: command, run: "true" }
tasks:
  cart: { title: Cart, phase: build, write: ["src/**"] }
`;
const project = 'shop';
const planOf = (triggers: string): string => `${base}triggers:\n${triggers}`;

function faultsOf(triggers: string): string[] {
  try {
    return checkPlan(parsePlan(planOf(triggers))).map(({ code }) => code);
  } catch (error) {
    return (error as { reasons: { code: string }[] }).reasons.map(({ code }) => code);
  }
}

describe('a hostile trigger in a plan', () => {
  const attacks: [string, string, string][] = [
    ['a day that no calendar has', 'cron: "0 0 30 2 *", notify: "human:ada"', 'trigger.time'],
    ['sixty fields', `cron: "${Array(60).fill('*').join(' ')}", notify: "human:ada"`, 'trigger.time'],
    [
      'a thousand characters of cron',
      `cron: "${'1,'.repeat(500)}1 * * * *", notify: "human:ada"`,
      'plan.invalid',
    ],
    [
      'a zone that does not exist',
      'cron: "0 9 * * *", zone: Mars/Olympus, notify: "human:ada"',
      'trigger.time',
    ],
    ['a zone that is a prototype', 'cron: "0 9 * * *", zone: __proto__, notify: "human:ada"', 'trigger.time'],
    ['a millisecond', 'every: 1ms, notify: "human:ada"', 'plan.invalid'],
    ['a hundred years', 'every: 36500d, notify: "human:ada"', 'plan.invalid'],
    ['a jitter longer than the interval', 'every: 1h, jitter: 2h, notify: "human:ada"', 'trigger.time'],
    ['an event that nobody appends', 'on: made.up, notify: "human:ada"', 'trigger.event'],
    [
      'a pattern in the place of a field',
      'on: task.done, where: { "data.(a+)+$": x }, notify: "human:ada"',
      'plan.invalid',
    ],
    [
      'a prototype in the place of a field',
      'on: task.done, where: { "data.__proto__": x }, notify: "human:ada"',
      'plan.invalid',
    ],
    [
      'nine fields',
      `on: task.done, where: { ${Array.from({ length: 9 }, (_, n) => `data.a${n}: 1`).join(', ')} }, notify: "human:ada"`,
      'plan.invalid',
    ],
    ['a count without a window', 'on: task.done, count: 3, notify: "human:ada"', 'plan.invalid'],
    ['two kinds', 'every: 1h, cron: "0 9 * * *", notify: "human:ada"', 'plan.invalid'],
    ['two actions', 'every: 1h, notify: "human:ada", cord: red', 'plan.invalid'],
    ['no action', 'every: 1h', 'plan.invalid'],
    ['a member that belongs elsewhere', 'every: 1h, notify: "human:ada", zone: UTC', 'plan.invalid'],
    ['a profile that is not there', 'every: 1h, spawn: nobody', 'plan.reference'],
    ['a profile that nobody can start', 'every: 1h, spawn: lead', 'plan.reference'],
    ['a role of another tier', 'every: 1h, spawn: fixer, role: CODE_REVIEWER', 'plan.reference'],
    ['a phase that is not there', 'every: 1h, task: { title: T, phase: nowhere }', 'plan.reference'],
    ['a holder where there is no task', 'every: 1h, notify: holder', 'trigger.recipient'],
    ['its own firing', 'on: trigger.fired, notify: "human:ada"', 'trigger.itself'],
    [
      'its own firing by name',
      'on: trigger.fired, where: { subject: trigger/x }, notify: "human:ada"',
      'trigger.itself',
    ],
    ['a plan that it applies itself', 'on: plan.applied, task: { title: T, phase: build }', 'trigger.itself'],
    ['grants that it mints itself', 'on: grant.minted, spawn: fixer', 'trigger.itself'],
  ];
  it.each(attacks)('is refused with words: %s', (_title, trigger, code) => {
    expect(faultsOf(`  x: { ${trigger} }\n`)).toContain(code);
  });

  it('is allowed where `where` rules its own events out', () => {
    expect(
      faultsOf('  x: { on: trigger.fired, where: { subject: trigger/y }, notify: "human:ada" }\n'),
    ).toEqual([]);
  });
});

describe('a webhook target', () => {
  const inside = [
    '127.0.0.1',
    '127.1.2.3',
    '10.1.1.1',
    '172.16.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '100.64.0.1',
    '0.0.0.0',
    '224.0.0.1',
    '255.255.255.255',
    '::1',
    '::',
    'fe80::1',
    'fd00::1',
    'ff02::1',
    '::ffff:127.0.0.1',
    '::ffff:a9fe:a9fe',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
    'not an address',
  ];
  it.each(inside)('is not on the inside: %s', (address) => expect(isPublic(address)).toBe(false));

  it.each(['93.184.216.34', '2606:2800:220:1::1'])('may be outside: %s', (address) =>
    expect(isPublic(address)).toBe(true),
  );

  const refused = [
    'http://example.org/',
    'https://127.0.0.1/',
    'https://[::1]/',
    'https://2130706433/',
    'https://0x7f.1/',
    'https://[::ffff:7f00:1]/',
    'https://localhost/',
    'https://x.localhost./',
    'https://metadata.google.internal/',
    'https://user:pass@example.org/',
    'ftp://example.org/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'nowhere',
  ];
  it.each(refused)('is refused: %s', (url) =>
    expect(targetOf(url, [])).toMatchObject({ code: 'trigger.target' }),
  );

  it('that resolves to the inside is refused when it is connected to', async () => {
    // A name of this machine that no check of the text could know.
    const { hostname } = await import('node:os');
    const found = await post(`https://${hostname()}/`, 'dlv_x', '{}', {
      secret: 's',
      allowed: [],
      nowSeconds: 0,
    });
    expect(found).toMatchObject({ ok: false });
    expect(found.status).toMatch(/trigger\.target|ENOTFOUND|EAI_AGAIN/);
  });
});

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A receiver on loopback that answers as it is told. */
async function receiver(answers: number[]): Promise<{ server: Server; host: string; got: Received[] }> {
  const got: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on('end', () => {
      got.push({ headers: request.headers, body });
      const status = answers.shift() ?? 200;
      response.writeHead(status, { location: 'http://169.254.169.254/' }).end('x'.repeat(200_000));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, host: `127.0.0.1:${(server.address() as AddressInfo).port}`, got };
}

describe.each(enginesOf(import.meta.filename))('what a trigger reaches for, on %s', (engine) => {
  let line: Line;
  let hook: Awaited<ReturnType<typeof receiver>>;
  const folder = mkdtempSync(join(tmpdir(), 'andon-commands-'));
  beforeAll(async () => {
    hook = await receiver([500]);
    write(folder, {
      tell: `#!/bin/sh\ncat > ${folder}/told\nenv > ${folder}/environment\n`,
    });
    const { chmodSync } = await import('node:fs');
    chmodSync(join(folder, 'tell'), 0o755);
    const config = { webhookHosts: [hook.host], commands: { tell: join(folder, 'tell') } };
    line = await openLine(engine, { plan: base, config });
  });
  afterAll(async () => {
    await line.close();
    hook.server.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const history = (name: string) => line.owner.trigger.history.query({ project, name });
  const create = (name: string, trigger: object, by = line.owner) =>
    by.trigger.create.mutate({ project, name, trigger: trigger as never });
  const fired = async (name: string) => {
    await line.owner.trigger.fire.mutate({ project, name });
    await waitUntil(async () => (await history(name)).fires.length > 0);
    return (await history(name)).fires[0];
  };

  it('is refused on loopback unless the operator allowed it, at creation and in a plan', async () => {
    const trigger = { every: '1h', webhook: 'https://127.0.0.1:1/' };
    expect(await codesOf(create('inside', trigger))).toEqual(['trigger.target']);
    const text = planOf('  inside: { every: 1h, webhook: "https://10.0.0.1/" }\n');
    expect(await codesOf(line.owner.plan.put.mutate({ project, text }))).toEqual(['trigger.target']);
  });

  it('gets a signed body, again after a failure, and its outcome is written down', async () => {
    // Its own time is far away: an hour that began between two looks would be another fire.
    await create('hook', { cron: '0 0 29 2 *', webhook: `http://${hook.host}/in` });
    await fired('hook');
    await waitUntil(() => hook.got.length === 1);
    await passTime(10_000, line);
    await waitUntil(async () => (await history('hook')).fires[0]?.delivery === 'done');
    expect(hook.got).toHaveLength(2);
    const [first, second] = hook.got;
    expect(second?.body).toBe(first?.body);
    const [, seconds = '', mac] =
      /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(second?.headers['andon-signature'])) ?? [];
    const secret = readFileSync(join(line.folder, 'state', 'webhook-secret'), 'utf8').trim();
    expect(mac).toBe(createHmac('sha256', secret).update(`${seconds}.${second?.body}`).digest('hex'));
    expect(signature(secret, second?.body ?? '', Number(seconds))).toBe(second?.headers['andon-signature']);
    expect(JSON.parse(second?.body ?? '')).toMatchObject({ project, trigger: 'hook' });
    const events = (await line.events()).filter(({ type }) => type === 'trigger.delivered');
    expect(events.map(({ data }) => [data.ok, data.tries])).toEqual([[true, 2]]);
  });

  it('is a command only if the operator named it, and gets the event on stdin and no secrets', async () => {
    expect(await codesOf(create('rm', { every: '1h', command: 'rm' }))).toEqual(['trigger.command']);
    await create('tell', { cron: '0 0 29 2 *', command: 'tell' });
    await fired('tell');
    await waitUntil(async () => (await history('tell')).fires[0]?.delivery === 'done');
    expect(JSON.parse(readFileSync(join(folder, 'told'), 'utf8'))).toMatchObject({
      project,
      trigger: 'tell',
    });
    expect(readFileSync(join(folder, 'environment'), 'utf8')).not.toMatch(/TOKEN|DATABASE|HOME|SECRET/);
  });

  it('is nothing for an executive: webhooks and commands are for people to arm, agents for who may start them', async () => {
    const lead = await line.mint('agent:lead', { tier: 'executive' });
    for (const reach of [{ webhook: `http://${hook.host}/` }, { command: 'tell' }])
      expect(await codesOf(create('lead', { every: '1h', ...reach }, lead.client))).toContain(
        'trigger.owner',
      );
    const monitor = await line.mint('agent:monitor', { tier: 'executive', role: 'MONITOR' });
    expect(await codesOf(create('monitor', { every: '1h', spawn: 'fixer' }, monitor.client))).toContain(
      'grant.action',
    );
    const text = planOf('  lead: { every: 1h, command: tell }\n');
    expect(await codesOf(lead.client.plan.put.mutate({ project, text }))).toEqual(['grant.tier']);
    await create('lead', { every: '1h', notify: 'human:ada' }, lead.client);
    expect((await fired('lead'))?.outcome).toBe('fired');
    expect(await codesOf(line.owner.trigger.show.query({ project, name: 'none' }))).toEqual([
      'trigger.missing',
    ]);
    const hand = await line.mint('agent:hand');
    expect(await codesOf(create('hand', { every: '1h', notify: 'human:ada' }, hand.client))).toContain(
      'grant.tier',
    );
  });

  it('is recorded as refused when the grant of its owner was revoked between arming and firing', async () => {
    const lead = await line.mint('agent:gone', { tier: 'executive' });
    await create('gone', { every: '1h', notify: 'human:ada' }, lead.client);
    await create('still', { every: '1h', notify: 'human:ada' });
    await line.owner.token.revoke.mutate({ project, kind: 'grant', value: lead.grant, why: 'x' });
    await passTime(3_600_000, line);
    await waitUntil(async () => (await history('gone')).refused === 1);
    const [row] = (await history('gone')).fires;
    expect(row).toMatchObject({ outcome: 'refused', error: [{ code: 'token.revoked' }] });
    // No other trigger is disturbed.
    await waitUntil(async () => (await history('still')).fired === 1);
    // A person may take it over.
    await line.owner.trigger.resume.mutate({ project, name: 'gone' });
    await line.owner.trigger.fire.mutate({ project, name: 'gone' });
    await waitUntil(async () => (await history('gone')).fired === 1);
  });

  it('is recorded as refused when its owner was terminated, when the grant has expired, and after the epoch was raised', async () => {
    const dead = await line.mint('agent:dead', { tier: 'executive' });
    await create('dead', { every: '1h', notify: 'human:ada' }, dead.client);
    const brief = await line.mint('agent:brief', { tier: 'executive' }, { grantSeconds: 600 });
    await create('brief', { every: '1h', notify: 'human:ada' }, brief.client);
    const old = await line.mint('agent:old', { tier: 'executive' });
    await create('old', { every: '1h', notify: 'human:ada' }, old.client);
    await line.owner.agent.terminate.mutate({ project, agent: 'agent:dead', why: 'x' });
    await line.owner.token.raiseEpoch.mutate({ project, why: 'x' });
    await passTime(3_600_000, line);
    await line.app.owner.refresh();
    for (const name of ['dead', 'brief', 'old']) {
      await waitUntil(async () => (await history(name)).refused === 1);
      const [row] = (await history(name)).fires;
      expect([name, row?.error?.map(({ code }) => code).sort()]).toEqual([
        name,
        name === 'brief' ? ['token.expired', 'token.revoked'] : ['token.revoked'],
      ]);
    }
  });

  it('stops at the fourth of triggers that fire each other in a ring', async () => {
    const next = (name: string) => ({
      on: 'trigger.fired',
      where: { subject: `trigger/${name}` },
      notify: 'human:ada',
    });
    await create('ring-a', next('ring-b'));
    await create('ring-b', next('ring-a'));
    await line.owner.trigger.fire.mutate({ project, name: 'ring-a' });
    await waitUntil(async () => (await history('ring-a')).refused === 1);
    const ring = await history('ring-a');
    expect(ring.fires.map(({ outcome }) => outcome).sort()).toEqual(['fired', 'refused']);
    expect(ring.fires.find(({ outcome }) => outcome === 'refused')?.causes).toHaveLength(2);
    expect(await history('ring-b')).toMatchObject({ fired: 1 });
  });

  it('does not hold up the calls of others when thousands of ten thousand fire at once', async () => {
    const { store } = line.app.gateway;
    const flood = engine === 'postgres' ? 3_000 : 500;
    const count = async (text: string): Promise<number> =>
      (await store.rows<{ count: number }>(statement('', text)))[0]?.count ?? 0;
    await store.rows(
      statement(
        '',
        `insert into triggers (id, project, name, kind, spec, source, owner, owner_gid, owner_epoch, state, next_at, next_slot)
         select 'trg_flood' || n, project, 'flood-' || n, kind, spec, source, owner, owner_gid, owner_epoch, 'active', andon_now() + case when n > ${flood} then interval '1 hour' else '0' end, date_trunc('hour', andon_now())
         from triggers, generate_series(1, 10000) n where name = 'still' and project = $1`,
      ),
      [project],
    );
    const began = performance.now();
    let slowestMs = 0;
    let fired = 0;
    while (fired < flood && performance.now() - began < 100_000) {
      const asked = performance.now();
      await line.owner.task.list.query({ project });
      slowestMs = Math.max(slowestMs, performance.now() - asked);
      await new Promise((resolve) => setTimeout(resolve, 100));
      fired = await count(`select count(*)::int as count from trigger_fires where trigger like 'trg_flood%'`);
    }
    expect(fired).toBe(flood);
    expect(await count('select count(*)::int as count from trigger_due')).toBe(0);
    console.log(
      `${flood} of 10000 triggers at once on ${engine}: ${((performance.now() - began) / 1000).toFixed(1)} s, slowest call ${slowestMs.toFixed(0)} ms`,
    );
    expect(slowestMs).toBeLessThan(2000);
    await store.rows(statement('', `delete from triggers where id like 'trg_flood%'`));
  });
});

describe('a command that misbehaves', () => {
  const script = (text: string): string => {
    const folder = mkdtempSync(join(tmpdir(), 'andon-command-'));
    write(folder, { run: `#!/bin/sh\n${text}\n` });
    return join(folder, 'run');
  };
  const run = async (text: string, timeoutMs = 5000) => {
    const file = script(text);
    const { chmodSync } = await import('node:fs');
    chmodSync(file, 0o755);
    return runCommand(file, 'x'.repeat(200_000), { timeoutMs, env: { PATH: '/usr/bin:/bin' } });
  };

  it('never ends: it is killed with what it started', async () => {
    const began = performance.now();
    const found = await run('sleep 300 & sleep 300', 200);
    expect(found).toMatchObject({ ok: false });
    expect(found.status).toContain('killed after 200 ms');
    expect(performance.now() - began).toBeLessThan(4000);
  });

  it('prints without end: the middle is dropped', async () => {
    const found = await run('head -c 3000000 /dev/zero | tr "\\\\0" x; exit 3');
    expect(found.status.length).toBeLessThanOrEqual(4000);
    expect(found.status).toContain('exit 3');
  });

  it('reads nothing, and does not exist', async () => {
    expect(await run('exit 0')).toMatchObject({ ok: true });
    expect(await runCommand('/nonexistent/x', '{}', { timeoutMs: 1000, env: {} })).toMatchObject({
      ok: false,
    });
  });
});
