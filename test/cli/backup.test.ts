import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statement } from '../../src/store/store.ts';
import { cli } from '../support/cli.ts';
import { createEmptyDatabase, type Engine, enginesOf } from '../support/engines.ts';
import { mustGit, sourceRepository, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { planHead } from '../support/plan-head.ts';

const plan = `
${planHead()}
tasks:
  cart: { title: Cart, phase: build, write: ["src/**"] }
`;

/** Texts that a person or an agent may write: line ends of Unicode, quotes, marks of COPY, right-to-left, an emoji. */
const texts = [
  'two\nlines\tand a tab',
  'line\u2028and paragraph\u2029separators, next line\u0085',
  '"quoted" \\N \\. \\u0000 \'single\' $$ %s',
  '\u202eright to left\u202c \ufeff\ufffe\uffff',
  '\u{1f600}\u{10ffff} e\u0301',
  `${'long '.repeat(1900)}end`,
];

const bodies = statement('test.bodies', `select body from messages where title = 'any text' order by id`);

describe.each(enginesOf(import.meta.filename))('a backup on %s', (engine: Engine) => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-backup-'));
  const copy = join(folder, 'copy');
  const restored = join(folder, 'restored');
  let main: string;
  let token: string;
  let positions: number;
  let database: readonly string[];
  let target: string | undefined;

  beforeAll(async () => {
    const gateway = await startTestGateway(engine, { folder });
    database = gateway.databaseUrl === undefined ? [] : ['--database-url', gateway.databaseUrl];
    const source = await sourceRepository({ 'README.md': '# shop\n' });
    main = (await gateway.owner.project.create.mutate({ project: 'shop', source })).main;
    await gateway.owner.plan.put.mutate({ project: 'shop', text: plan });
    const cap = { tier: 'implementer' } as const;
    token = (await gateway.owner.token.mint.mutate({ project: 'shop', agent: 'agent:b', cap })).token ?? '';
    await gateway.client(token).task.claim.mutate({ project: 'shop' });
    for (const body of texts)
      await gateway.owner.message.send.mutate({ project: 'shop', to: 'agent:b', title: 'any text', body });
    await gateway.close();
    const taken = await cli(['backup', copy, '--data', join(folder, 'data'), ...database, '--json']);
    expect(taken.exit, taken.stdout + taken.stderr).toBe(0);
    positions = (JSON.parse(taken.stdout) as { position: number }).position;
    target = engine === 'postgres' ? await createEmptyDatabase() : undefined;
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const restoreArgs = (from: string): string[] => [
    ...['restore', from, '--data', join(restored, 'data'), '--json'],
    ...(target === undefined ? [] : ['--database-url', target]),
  ];

  it('holds no private key and no token', () => {
    const text = readdirSync(copy)
      .map((name) => readFileSync(join(copy, name), 'latin1'))
      .join('\n');
    expect(text).not.toContain('PRIVATE');
    expect(text).not.toMatch(/"d" ?:/);
    expect(text).not.toContain(token.slice(0, 60));
  });

  it('is refused when a byte of it has changed, and nothing is left behind', async () => {
    const bent = join(folder, 'bent');
    cpSync(copy, bent, { recursive: true });
    appendFileSync(join(bent, 'table-events.jsonl'), ' ');
    const { exit, stdout } = await cli(restoreArgs(bent));
    expect(exit).toBe(2);
    expect(stdout).toContain('store.backup');
  });

  it('is refused when its log was rewritten, digests and all', async () => {
    const forged = join(folder, 'forged');
    cpSync(copy, forged, { recursive: true });
    const [events, manifest] = [join(forged, 'table-events.jsonl'), join(forged, 'manifest.json')];
    const text = readFileSync(events, 'utf8').replace('"actor":"agent:b"', '"actor":"agent:c"');
    expect(text).not.toBe(readFileSync(events, 'utf8'));
    const digest = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');
    const before = digest(events);
    writeFileSync(events, text);
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace(before, digest(events)));
    const empty = engine === 'postgres' ? ['--database-url', await createEmptyDatabase()] : [];
    const { exit, stdout } = await cli([
      ...['restore', forged, '--data', join(folder, 'forged-data'), '--json'],
      ...empty,
    ]);
    expect([exit, JSON.parse(stdout).error.code]).toEqual([1, 'audit.broken']);
  });

  it('comes back whole: chain, history and tasks, with every token from before dead', async () => {
    const { exit, stdout, stderr } = await cli(restoreArgs(copy));
    expect(exit, stdout + stderr).toBe(0);
    const bare = join(restored, 'data/repos/shop.git');
    await mustGit(bare, ['fsck', '--strict']);
    expect(await mustGit(bare, ['rev-parse', 'refs/heads/main'])).toBe(main);
    // With the very keys that signed it, only the epoch stands against an earlier token.
    cpSync(join(folder, 'state'), join(restored, 'state'), { recursive: true });
    const options = { folder: restored, ...(target === undefined ? {} : { databaseUrl: target }) };
    const gateway: TestGateway = await startTestGateway(engine, options);
    try {
      const audit = await gateway.owner.audit.verify.query({ project: '*' });
      expect(audit.fault).toBeNull();
      expect(audit.events).toBeGreaterThan(positions);
      const [task] = await gateway.owner.task.list.query({ project: 'shop' });
      expect(task?.id).toBe('cart');
      const rows = await gateway.app.gateway.store.rows<{ body: string }>(bodies);
      expect(rows.map(({ body }) => body)).toEqual(texts);
      const old = gateway.client(token).task.list.query({ project: 'shop' });
      await expect(old).rejects.toMatchObject({ data: { andon: { code: 'token.revoked' } } });
    } finally {
      await gateway.close();
    }
  });

  it('does not go into what is in use', async () => {
    const { exit, stdout } = await cli(restoreArgs(copy));
    expect([exit, JSON.parse(stdout).error.code]).toEqual([2, 'store.backup']);
  });
});
