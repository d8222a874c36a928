import { chmodSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../src/cli/doctor/finding.ts';
import { clockFinding, skewMsMax } from '../../src/cli/doctor/gateway.ts';
import {
  examineSecrets,
  gitVersionFinding,
  nodeFinding,
  roomFinding,
  sandboxFinding,
} from '../../src/cli/doctor/machine.ts';
import { examineRepositories } from '../../src/cli/doctor/repositories.ts';
import { examineStore } from '../../src/cli/doctor/store.ts';
import { openPostgres } from '../../src/store/postgres.ts';
import { statement } from '../../src/store/store.ts';
import { cli } from '../support/cli.ts';
import { mustGit, sourceRepository, startTestGateway, type TestGateway } from '../support/gateway.ts';

describe('andon doctor', () => {
  let gateway: TestGateway;
  let data: string;
  let state: string;
  let bare: string;
  const faults = (findings: readonly Finding[]): string[] =>
    findings.filter(({ status }) => status === 'fault').map(({ check }) => check);
  const store = () => examineStore(data, gateway.databaseUrl, state);
  const change = async (text: string): Promise<void> => {
    const opened = await openPostgres({ url: gateway.databaseUrl ?? '' });
    await opened.rows(statement('', text));
    await opened.close();
  };

  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'andon-doctor-'));
    gateway = await startTestGateway('postgres', { folder });
    const source = await sourceRepository({ 'README.md': '# shop\n' });
    await gateway.owner.project.create.mutate({ project: 'shop', source });
    const cap = { tier: 'executive' } as const;
    const minted = await gateway.owner.token.mint.mutate({ project: 'shop', agent: 'agent:lead', cap });
    const lead = gateway.client(minted.token ?? '');
    for (const agent of ['agent:old-name', 'agent:old-end'])
      await lead.token.mint.mutate({ project: 'shop', agent });
    [data, state] = [join(folder, 'data'), join(folder, 'state')];
    bare = join(data, 'repos/shop.git');
    await gateway.close();
  });
  afterAll(() => rmSync(gateway.folder, { recursive: true, force: true }));

  it('finds nothing wrong where nothing is', async () => {
    const found = [
      ...(await examineRepositories(data)),
      ...(await examineSecrets(state)),
      ...(await store()),
    ];
    expect(faults(found)).toEqual([]);
    expect(found.map(({ check }) => check)).toEqual(
      expect.arrayContaining(['repository', 'secrets', 'schema', 'clock', 'chain']),
    );
  });

  it('lists names and grants that nobody could mint any more, which are kept', async () => {
    const kept = async () => (await store()).filter(({ check }) => check === 'grants');
    expect(await kept()).toMatchObject([{ status: 'ok' }]);
    await change(`update grants set agent = 'human:owner' where agent = 'agent:old-name'`);
    await change(
      `update grants set expires_at = expires_at + interval '1 day' where agent = 'agent:old-end'`,
    );
    const found = await kept();
    expect(found.map(({ status }) => status)).toEqual(found.map(() => 'note'));
    const about = (name: string) => found.filter(({ subject }) => subject.startsWith(name));
    expect(about('human:owner').map(({ found: words }) => words)).toEqual([
      expect.stringContaining('implementer IMPLEMENTER, limit agent:'),
      expect.stringContaining('given by a person'),
      expect.stringContaining('a living grant of somebody else'),
    ]);
    expect(about('agent:old-end')).toMatchObject([
      { found: expect.stringMatching(/^\d{4}.*, limit \d{4}.*ends at the latest/) },
    ]);
    expect(found[0]?.next).toMatch(/^it ends \d{4}.*andon token revoke gnt_/);
  });

  it('finds a lock that a killed git left', async () => {
    const lock = join(bare, 'HEAD.lock');
    writeFileSync(lock, '');
    utimesSync(lock, new Date(0), new Date(0));
    const found = await examineRepositories(data);
    rmSync(lock);
    expect(faults(found)).toEqual(['lock']);
    expect(found.find(({ status }) => status === 'fault')?.subject).toBe(lock);
  });

  it('finds a git setting that runs programs or skips checks', async () => {
    await mustGit(bare, ['config', 'core.fsmonitor', '/tmp/spy']);
    const found = await examineRepositories(data);
    await mustGit(bare, ['config', '--unset', 'core.fsmonitor']);
    expect(faults(found)).toEqual(['git settings']);
  });

  it('finds keys that others can read', async () => {
    chmodSync(join(state, 'keys'), 0o755);
    const found = await examineSecrets(state);
    chmodSync(join(state, 'keys'), 0o700);
    expect(faults(found)).toEqual(['secrets']);
  });

  it('finds a schema that a newer Andon wrote', async () => {
    await change(
      `insert into andon_migrations select (jsonb_populate_record(m, '{"version": 99}')).* from andon_migrations m limit 1`,
    );
    const found = await store();
    await change('delete from andon_migrations where version = 99');
    expect(faults(found)).toEqual(['schema']);
  });

  it('finds a clock that runs apart', async () => {
    expect(clockFinding('x', skewMsMax + 1).status).toBe('fault');
    expect(clockFinding('x', -skewMsMax).status).toBe('ok');
    await change('select andon_shift_clock(60000)');
    const found = await store();
    await change('select andon_shift_clock(-60000)');
    expect(faults(found)).toEqual(['clock']);
  });

  it('finds a chain that somebody has written into, and a gateway that does not answer', async () => {
    // The log is append-only even for its owner, who can only take the trigger away.
    await change('alter table events disable trigger user');
    await change(`update events set actor = 'agent:forged' where position = 2`);
    expect(faults(await store())).toEqual(['chain']);
    const args = ['doctor', '--data', data, '--database-url', gateway.databaseUrl ?? '', '--json'];
    const env = { ANDON_URL: 'http://127.0.0.1:9', ANDON_TOKEN: 'x', ANDON_PROJECT: 'shop' };
    const { exit, stdout } = await cli(args, { env });
    const { ok, findings } = JSON.parse(stdout) as { ok: boolean; findings: Finding[] };
    expect([exit, ok, faults(findings)]).toEqual([1, false, ['gateway', 'chain']]);
    expect(findings).toContainEqual(expect.objectContaining({ check: 'disk', subject: data }));
  });

  it('knows which git and Node are too old, and that a sandbox is missing', () => {
    expect(gitVersionFinding('git version 2.37.9').status).toBe('fault');
    expect(gitVersionFinding('git version 2.38.0').status).toBe('ok');
    expect(nodeFinding('v20.18.3').status).toBe('fault');
    expect(nodeFinding('v20.19.0').status).toBe('ok');
    expect(sandboxFinding('/nowhere').status).toBe('note');
    expect(roomFinding('/data', 2e6)).toMatchObject({ status: 'fault', found: '1 MB left' });
    expect(roomFinding('/data', 5e8).status).toBe('note');
    expect(roomFinding('/data', 5e9).status).toBe('ok');
  });
});
