import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConfigInput } from '../../src/config.ts';
import type { WitnessName } from '../../src/gateway/log-mark/places.ts';
import { chainHash } from '../../src/store/log/chain.ts';
import { belowMark } from '../../src/store/log/mark.ts';
import { eventsAfter } from '../../src/store/log/tail.ts';
import { verifyLog } from '../../src/store/log/verify-log.ts';
import { openStore } from '../../src/store/open.ts';
import { type Store, statement } from '../../src/store/store.ts';
import { createDatabase, type Engine, enginesOf } from '../support/engines.ts';
import { mustGit, sourceRepository, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { planHead } from '../support/plan-head.ts';
import { waitUntil } from '../support/wait.ts';

const plan = `${planHead({ done: 'artefact' })}
tasks:
${Array.from({ length: 40 }, (_, n) => `  t${n}: { title: T, phase: build }`).join('\n')}
`;

describe.each(enginesOf(import.meta.filename))(
  'the end of the log, against who owns the database, on %s',
  (engine: Engine) => {
    let folder: string;
    let source: string;
    let databaseUrl: string;
    let gateway: TestGateway | undefined;
    let alone: Store | undefined;

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), 'andon-end-'));
      source = await sourceRepository({ 'README.md': '# shop\n' });
      databaseUrl = engine === 'postgres' ? await createDatabase() : '';
    });
    afterEach(async () => {
      await gateway?.close();
      gateway = undefined;
      for (const one of [folder, source]) rmSync(one, { recursive: true, force: true });
    });

    const open = async (config: Partial<ConfigInput> = {}): Promise<TestGateway> => {
      gateway = await startTestGateway(engine, { folder, databaseUrl, config });
      return gateway;
    };
    const close = async (): Promise<void> => {
      await gateway?.close();
      gateway = undefined;
    };
    const markPath = () => join(folder, 'state/log-mark.json');
    const mark = () => JSON.parse(readFileSync(markPath(), 'utf8')) as { position: number };
    const sql = <R>(text: string, params: unknown[] = []) =>
      (alone ?? gateway?.app.gateway.store)?.rows<R>(statement('', text), params) ?? Promise.resolve([]);
    const refused = async (call: Promise<unknown>): Promise<string> =>
      call.then(
        () => 'allowed',
        (error: { data?: { andon?: { code?: string } } }) => error.data?.andon?.code ?? String(error),
      );

    /** Makes a project with a plan, a builder, and so many claims; answers the builder's token. */
    async function work(claims: number, upstream?: string): Promise<string> {
      const { owner } = await Promise.resolve(gateway as TestGateway);
      await owner.project.create.mutate({
        project: 'shop',
        source,
        ...(upstream === undefined ? {} : { upstream }),
      });
      await owner.plan.put.mutate({ project: 'shop', text: plan });
      const cap = { tier: 'implementer' } as const;
      const { token = '' } = await owner.token.mint.mutate({ project: 'shop', agent: 'agent:b', cap });
      for (let n = 0; n < claims; n++) await claim(token);
      return token;
    }
    const claim = (token: string) =>
      (gateway as TestGateway).client(token).task.claim.mutate({ project: 'shop' });

    /** Cuts off the last events and every checkpoint, as the owner of the database can. */
    async function cut(count: number): Promise<void> {
      for (const table of ['events', 'checkpoints']) await sql(`alter table ${table} disable trigger all`);
      await sql('delete from checkpoints');
      await sql('delete from events where position > (select max(position) from events) - $1', [count]);
      for (const table of ['events', 'checkpoints']) await sql(`alter table ${table} enable trigger all`);
    }

    /** Opens the database alone and changes it. */
    async function asOwner(change: () => Promise<void>): Promise<void> {
      const place = { dataFolder: join(folder, 'data'), connectionsMax: 2 };
      alone = await openStore({ ...place, databaseUrl: engine === 'postgres' ? databaseUrl : undefined });
      await change();
      await alone.close();
      alone = undefined;
    }

    it('an end that was cut off with its checkpoints is missed: reads go on, nothing is claimed or changed until a person accepts it', async () => {
      await open();
      const token = await work(5);
      await close();
      const { position } = mark();
      await asOwner(() => cut(4));
      // Every restart does the same again, though refusals make the log longer than it was.
      for (const times of [1, 2]) {
        const { owner, app } = await open();
        expect(app.gateway.logKeeper.below, `start ${times}`).toMatchObject({ mark: { position } });
        expect(await refused(claim(token))).toBe('log.below');
        for (let n = 0; n < 8; n++)
          expect(
            await refused(
              owner.report.write.mutate({ project: 'shop', kind: 'report', title: `${n}`, body: 'x' }),
            ),
          ).toBe('log.below');
        expect((await owner.task.list.query({ project: 'shop' })).length).toBe(40);
        expect((await owner.audit.verify.query({ project: '*' })).below).toMatch(/missing|another/);
        expect((await owner.project.status.query({ project: 'shop' })).below).not.toBeNull();
        await close();
      }
      expect(mark().position).toBe(position);
      const { owner } = await open();
      const accepted = await owner.audit.accept.mutate({ project: '*', reason: 'the disk was replaced' });
      expect(accepted.mark).toBe(position);
      expect((await claim(token)).task).not.toBeNull();
      const told = async () => {
        const { events } = await owner.event.list.query({ project: '*', after: 0, limit: 200 });
        return events.find(({ type }) => type === 'log.accepted');
      };
      await waitUntil(async () => (await told()) !== undefined);
      expect(await told()).toMatchObject({
        actor: 'human:owner',
        data: { mark: position, why: 'the disk was replaced' },
      });
      await close();
      const { app } = await open();
      expect(app.gateway.logKeeper.below).toBeUndefined();
      expect((await app.workers.verifyLog()).below).toBeNull();
    });

    it('an end that was written anew, as long as before and with a sound chain, is missed', async () => {
      await open();
      await work(3);
      await close();
      await asOwner(async () => {
        const events = await eventsAfter(alone as Store, 0, null, 1000);
        const at = mark().position;
        const from = events.findIndex(({ type, position }) => type === 'task.claimed' && position <= at);
        for (const table of ['events', 'checkpoints']) await sql(`alter table ${table} disable trigger all`);
        await sql('delete from checkpoints');
        let { hash } = events[from - 1] ?? { hash: '' };
        for (const event of events.slice(from)) {
          const { hash: _was, ...said } = event;
          const changed = said.type === 'task.claimed' ? { ...said, actor: 'agent:other' } : said;
          hash = chainHash(hash, changed);
          await sql('update events set actor = $2, hash = $3 where position = $1', [
            event.position,
            changed.actor,
            hash,
          ]);
        }
        for (const table of ['events', 'checkpoints']) await sql(`alter table ${table} enable trigger all`);
        expect((await verifyLog(alone as Store, async () => true)).fault).toBeNull();
      });
      const { app } = await open();
      expect(app.gateway.logKeeper.below).toMatchObject({ missing: 0 });
      expect(app.gateway.logKeeper.reason?.found).toContain('is another');
    });

    it('a database that was put in the place of the other is missed', async () => {
      await open();
      await work(1);
      const { gateway: made } = (gateway as TestGateway).app;
      const other = { installation: 'another', position: 3, hash: '0'.repeat(64) };
      expect(await belowMark(made.store, other)).toMatchObject({ missing: 3 });
    });

    it('whoever is no person for every project accepts nothing, and a whole log is not accepted', async () => {
      await open();
      await work(1);
      const { owner, client } = gateway as TestGateway;
      expect(await refused(owner.audit.accept.mutate({ project: '*', reason: 'x' }))).toBe('log.whole');
      await close();
      await asOwner(() => cut(2));
      await open();
      const lead = (gateway as TestGateway).app.gateway;
      expect(lead.logKeeper.below).toBeDefined();
      const asAgent = client('').audit.accept.mutate({ project: '*', reason: 'x' });
      expect(await refused(asAgent)).not.toBe('allowed');
      expect(lead.logKeeper.below).toBeDefined();
    });

    it('no row of the log or of its checkpoints is emptied, deleted or changed in passing', async () => {
      await open();
      await work(1);
      await (gateway as TestGateway).app.workers.checkpoint();
      for (const text of [
        'truncate events',
        'truncate checkpoints',
        'delete from checkpoints',
        "update checkpoints set hash = 'x'",
      ])
        await expect(sql(text), text).rejects.toThrow('append-only');
    });

    const witnesses: [string, () => Promise<{ named: WitnessName; upstream?: string }>][] = [
      ['a file elsewhere', async () => ({ named: { kind: 'file', path: join(folder, 'elsewhere/mark') } })],
      ['a command', async () => ({ named: { kind: 'command', path: commandIn(folder) } })],
      [
        'a note on the mirror',
        async () => {
          const upstream = join(folder, 'mirror.git');
          await mustGit(folder, ['clone', '-q', '--bare', source, 'mirror.git']);
          return { named: { kind: 'mirror' }, upstream };
        },
      ],
    ];
    it.each(witnesses)('%s knows it when the state folder has lost its mark too', async (_title, make) => {
      const { named, upstream } = await make();
      await open({ witnesses: [named] });
      await work(4, upstream);
      await close();
      await asOwner(() => cut(3));
      rmSync(markPath());
      await open({ witnesses: [named] });
      const { logKeeper } = (gateway as TestGateway).app.gateway;
      expect(logKeeper.below).toBeDefined();
      await (gateway as TestGateway).owner.audit.accept.mutate({ project: '*', reason: 'known' });
      await close();
      await open({ witnesses: [named] });
      expect((gateway as TestGateway).app.gateway.logKeeper.below).toBeUndefined();
    });

    it('the mark rises with the log, at most a second behind', async () => {
      await open();
      const token = await work(1);
      const before = mark().position;
      await claim(token);
      await waitUntil(() => mark().position > before, 3_000);
    });
  },
);

/** A witness that keeps its mark in a file beside itself. */
function commandIn(folder: string): string {
  const path = join(folder, 'witness.sh');
  writeFileSync(
    path,
    `#!/bin/sh\nif [ "$1" = put ]; then cat > '${path}.mark'; else cat '${path}.mark' 2>/dev/null || true; fi\n`,
  );
  chmodSync(path, 0o755);
  return path;
}
