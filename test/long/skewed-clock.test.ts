import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createEmptyDatabase } from '../support/engines.ts';
import { allEvents } from '../support/fault-audit.ts';
import { type FaultGateway, startFaultGateway } from '../support/fault-gateway.ts';
import { prepareLine, project } from '../support/fault-line.ts';
import { planHead } from '../support/plan-head.ts';
import { waitUntil } from '../support/wait.ts';

/** The library of the Debian package faketime, at its place on this machine. */
const library = existsSync('/usr/lib')
  ? readdirSync('/usr/lib')
      .map((name) => join('/usr/lib', name, 'faketime', 'libfaketimeMT.so.1'))
      .find(existsSync)
  : undefined;
if (library === undefined)
  console.log(
    `\n${'*'.repeat(80)}\nSKIPPED: no libfaketime, clocks are not skewed (apt-get install faketime)\n${'*'.repeat(80)}\n`,
  );

const dayMs = 86_400_000;
const skews = ['+1d', '-1d', '+0'] as const;
const nearMs = 60_000;

const plan = (deadline: Date): string => `
${planHead({ project })}
tasks:
  t0: { title: A, phase: build, write: ["src/a/**"] }
  t1: { title: B, phase: build, write: ["src/b/**"], deadline: "${deadline.toISOString()}" }
triggers:
  clock: { cron: "*/5 * * * * *", notify: "human:owner" }
  beat: { every: 5s, notify: "human:owner" }
  ladder:
    deadline: [{ before: 60s, notify: "human:owner" }, { before: 58s, notify: "human:owner" }]
`;

/**
 * Three gateways on one database, a day ahead, a day behind, and right: all times that they answer are the
 * database's.
 */
describe.skipIf(library === undefined)('gateways whose clocks are a day off', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-skewed-'));
  const gateways: FaultGateway[] = [];
  let token = '';
  afterAll(async () => {
    await Promise.all(gateways.map((gateway) => gateway.close()));
    rmSync(folder, { recursive: true, force: true });
  });

  beforeAll(async () => {
    const databaseUrl = await createEmptyDatabase();
    for (const skew of skews) {
      // Clocks that measure lengths of time stay true: a clock that was set wrongly does not run faster.
      const env = { LD_PRELOAD: library ?? '', FAKETIME: skew, FAKETIME_DONT_FAKE_MONOTONIC: '1' };
      gateways.push(await startFaultGateway({ folder, databaseUrl, ...(skew === '+0' ? {} : { env }) }));
    }
    const { agents } = await prepareLine(at(0), plan(new Date(Date.now() + 65_000)), 1);
    token = agents[0]?.token ?? '';
  }, 60_000);

  const at = (n: number): FaultGateway => gateways[n] ?? expect.fail('no gateway');
  const isNear = (iso: string): boolean => Math.abs(Date.parse(iso) - Date.now()) < nearMs;

  it('are a day off indeed, by what their servers say', async () => {
    const offs = await Promise.all(
      gateways.map(async ({ url }) => {
        const { headers } = await fetch(`${url}/livez`);
        return Math.round((Date.parse(headers.get('date') ?? '') - Date.now()) / dayMs);
      }),
    );
    expect(offs.map((off) => off + 0)).toEqual([1, -1, 0]);
  });

  it('issue tokens by the clock of the database, and take those of each other until their end and no longer', async () => {
    for (const issuer of gateways) {
      const { token: short = '' } = await issuer.owner.token.mint.mutate({
        project,
        agent: 'agent:short',
        cap: { tier: 'implementer' },
        lifeSeconds: 5,
      });
      const { iat, exp } = JSON.parse(Buffer.from(short.split('.')[1] ?? '', 'base64url').toString()) as {
        iat: number;
        exp: number;
      };
      expect(exp - iat).toBe(5);
      expect(Math.abs(iat - Date.now() / 1000)).toBeLessThan(5);
      for (const one of gateways) await one.client(short).task.list.query({ project });
      const codes = () =>
        Promise.all(
          gateways.map((one) =>
            one
              .client(short)
              .task.list.query({ project })
              .then(
                () => 'answered',
                (error: { data: { andon: { code: string } } }) => error.data.andon.code,
              ),
          ),
        );
      await waitUntil(async () => (await codes()).every((code) => code === 'token.expired'), 9_000);
      expect(Date.now() / 1000).toBeGreaterThanOrEqual(exp - 1);
    }
  }, 60_000);

  it('hold a lease for as long as it lasts, and free it then', async () => {
    for (const one of gateways) {
      const { task } = await one.client(token).task.claim.mutate({ project, task: 't0', leaseSeconds: 5 });
      const until = Date.parse(task?.leaseUntil ?? '');
      expect(Math.abs(until - Date.now() - 5000)).toBeLessThan(2000);
      const stateOf = async () =>
        (await at(2).owner.task.list.query({ project })).find(({ id }) => id === 't0')?.state;
      // Every gateway has looked for expired leases by then: they do it once a second.
      await waitUntil(() => Date.now() > until - 1500);
      expect(await stateOf()).toBe('in_progress');
      await waitUntil(async () => (await stateOf()) === 'ready', 10_000);
      expect(Date.now()).toBeGreaterThan(until - 500);
    }
  }, 60_000);

  it('fire triggers at their times, once, and miss none', async () => {
    const count = async (name: string) =>
      (await at(2).owner.trigger.list.query({ project })).find((one) => one.name === name);
    const before = await Promise.all(['clock', 'beat'].map(count));
    await waitUntil(async () => ((await count('beat'))?.fired ?? 0) >= (before[1]?.fired ?? 0) + 3, 30_000);
    await waitUntil(async () => (await count('ladder'))?.fired === 2, 30_000);
    for (const name of ['clock', 'beat', 'ladder']) {
      const { fires: slots } = await at(0).owner.trigger.history.query({ project, name });
      expect(new Set(slots.map(({ slot }) => slot)).size).toBe(slots.length);
      for (const { at: firedAt, slotAt } of slots) {
        expect(isNear(firedAt)).toBe(true);
        expect(Math.abs(Date.parse(firedAt) - Date.parse(slotAt))).toBeLessThan(10_000);
      }
      expect(await count(name)).toMatchObject({ missed: 0 });
    }
  }, 90_000);

  it('write events with the time of the database, whole and in order', async () => {
    const events = (await allEvents(at(1))) as unknown as { at: string }[];
    expect(events.length).toBeGreaterThan(20);
    expect(events.every(({ at: when }) => Math.abs(Date.parse(when) - Date.now()) < 5 * nearMs)).toBe(true);
    expect((await at(1).owner.audit.verify.query({ project: '*' })).fault).toBeNull();
  });
});
