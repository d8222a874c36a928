import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanEnvironment, cli } from '../../support/cli.ts';
import { type Engine, enginesOf } from '../../support/engines.ts';
import { type Hand, type Line, openLine } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';

const project = 'shop';
const tasks = Array.from(
  { length: 6 },
  (_one, n) =>
    `  t${n}: { title: T${n}, phase: build, done: approved, write: ["docs/decisions/**"], unprotect: ["andon-decisions"] }`,
);
const plan = `
${planHead()}
tasks:
${tasks.join('\n').replaceAll(', done: approved', '')}
  shut: { title: Shut, phase: build, write: ["docs/**"] }
`;
const file = 'docs/decisions/0005-which-database.md';
const text = (more = '') =>
  `---\r\nstatus: accepted\r\naffects: [src/store/**]\r\nx-ours: kept\r\n---\r\n\r\n# Which database?\r\n\r\n## Context and Problem Statement\r\n\r\nTwo writers.\r\n\r\n## Decision Outcome\r\n\r\nPostgreSQL${more}\r\n`;

describe.each(enginesOf(import.meta.filename))('decisions as files, on %s', (engine: Engine) => {
  let line: Line;
  let person: Hand;
  const folder = mkdtempSync(join(tmpdir(), 'andon-adr-'));
  beforeAll(async () => {
    line = await openLine(engine, { plan });
    person = await line.mint('human:ada', { tier: 'human' });
  });
  afterAll(async () => {
    await line.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const list = () => line.owner.decision.list.query({ project, all: true });
  /** Lands files by a hand; somebody else approves. */
  const land = async (hand: Hand, task: string, files: Record<string, string>) => {
    const { change, tree } = await line.offer(hand, task, files);
    await line.until(change, 'judging');
    await line.owner.verdict.approve.mutate({ project, change, tree, note: 'read' });
    await line.until(change, 'landed');
    await line.owner.event.list.query({ project });
  };
  const settled = (check: (rows: Awaited<ReturnType<typeof list>>) => boolean) =>
    expect.poll(async () => check(await list()), { timeout: 10_000 }).toBe(true);

  it('begin when a person’s change lands one, and follow its next text', async () => {
    await land(person, 't0', { [file]: text() });
    await settled((rows) => rows.length === 1);
    const [row] = await list();
    expect(row).toMatchObject({
      number: 5,
      question: 'Which database?',
      decision: 'PostgreSQL',
      madeBy: 'human:ada',
      file,
    });
    expect((await line.owner.decision.list.query({ project, path: 'src/store/a.ts' })).length).toBe(1);
    await land(person, 't1', { [file]: text(' 15') });
    await settled((rows) => rows[0]?.decision === 'PostgreSQL 15');
    expect(await list()).toHaveLength(1);
    expect(
      (await line.owner.decision.search.query({ project, query: '15' })).map(({ file: of }) => of),
    ).toEqual([file]);
    const types = (await line.events()).map(({ type }) => type);
    expect(types.filter((type) => type.startsWith('decision.'))).toEqual([
      'decision.recorded',
      'decision.edited',
    ]);
  });

  it('are refused to who has no opened task, and become none by an agent’s change', async () => {
    const agent = await line.mint('agent:writes');
    const { branch } = await agent.client.task.claim.mutate({ project, task: 'shut' });
    const commit = await line.commit({ 'docs/decisions/0009-mine.md': text() });
    const refused = await line.push(agent, branch ?? '', commit).then(() => 'accepted', String);
    expect(refused).toContain('scope.protected');
    await agent.client.task.release.mutate({ project, task: 'shut', epoch: 1, why: 'x' });
    await land(agent, 't2', { 'docs/decisions/0009-mine.md': text() });
    await land(person, 't3', {
      'docs/decisions/0010-other.md': text().replace('Which database', 'Which queue'),
    });
    await settled((rows) => rows.length === 2);
    expect((await list()).map(({ file: of }) => of)).not.toContain('docs/decisions/0009-mine.md');
  });

  it('are refused at the push with the line of every fault', async () => {
    const { branch } = await person.client.task.claim.mutate({ project, task: 't4' });
    const nonsense = '---\nconfidence: much\naffects: ["/x"]\n---\n\ntext\n';
    const commit = await line.commit({ 'docs/decisions/0011-bad.md': nonsense });
    const refused = await line.push(person, branch ?? '', commit).then(() => 'accepted', String);
    for (const words of [
      'decision.file',
      '0011-bad.md:2',
      '0011-bad.md:3',
      '0011-bad.md:5',
      'no section of the decision',
    ])
      expect(refused).toContain(words);
    await person.client.task.release.mutate({ project, task: 't4', epoch: 1, why: 'x' });
  });

  it('supersede one another by their numbers, never in a ring; the author hears of it', async () => {
    const by = (number: string) => text().replace('status: accepted', `status: superseded by ADR-${number}`);
    await land(person, 't4', {
      'docs/decisions/0020-a.md': by('0021').replace('Which database', 'Ring A'),
      'docs/decisions/0021-b.md': by('0020').replace('Which database', 'Ring B'),
      'docs/decisions/0022-c.md': by('0022').replace('Which database', 'Self'),
      'docs/decisions/0023-d.md': by('0099').replace('Which database', 'Nobody'),
    });
    await settled((rows) => rows.length === 6);
    const rows = await list();
    const of = (question: string) => rows.find((row) => row.question.startsWith(question));
    expect(of('Ring A')?.supersededBy).toBe(of('Ring B')?.id);
    for (const question of ['Ring B', 'Self', 'Nobody']) expect(of(question)?.supersededBy).toBeNull();
    const [told] = await person.client.message.list.query({ project });
    for (const words of [
      '0021-b.md:1: superseded by ADR-20, which it supersedes itself',
      '0022-c.md:1',
      'ADR-99, which there is not',
    ])
      expect(told?.body).toContain(words);
  });

  it('are exported with those that were written here: files of people byte for byte', async () => {
    const written = await line.owner.decision.write.mutate({
      project,
      question: 'Tabs?',
      decision: 'No\n# Heading',
    });
    const [first] = (await list()).filter((row) => row.file === file);
    await line.owner.decision.write.mutate({
      project,
      question: 'Which now?',
      decision: 'SQLite',
      supersedes: first?.id,
    });
    const env = {
      ...cleanEnvironment(join(folder, 'home')),
      ANDON_URL: line.url,
      ANDON_TOKEN: line.ownerToken(),
    };
    const run = (...args: string[]) => cli([...args, '--project', project], { cwd: folder, env });
    expect((await run('decision', 'export')).exit).toBe(0);
    const number = String(written.number).padStart(4, '0');
    const exported = readFileSync(join(folder, `docs/decisions/${number}-tabs.md`), 'utf8');
    expect(exported).toContain(`andon: ${written.decision}`);
    const kept = readFileSync(join(folder, 'docs/decisions/0010-other.md'), 'utf8');
    expect(kept).toBe(text().replace('Which database', 'Which queue'));
    const superseded = readFileSync(join(folder, file), 'utf8');
    expect(superseded).toBe(
      text(' 15')
        .replace('status: accepted\r\n', '')
        .replace(
          'kept\r\n',
          `kept\r\nstatus: "superseded by ADR-${String(written.number + 1).padStart(4, '0')}"\r\n`,
        ),
    );
    expect((await run('decision', 'export')).stdout).toContain('holds every decision as it stands');
    expect(existsSync(join(folder, 'docs/decisions/0009-mine.md'))).toBe(false);
    expect((await run('decision', 'check', `docs/decisions/${number}-tabs.md`)).exit).toBe(0);
    // Landed by a person, the exported file is the same decision, not a second one.
    const before = (await list()).length;
    await land(person, 't5', { [`docs/decisions/${number}-tabs.md`]: exported.replace('No\n', 'Never\n') });
    await settled((rows) => rows.some(({ decision }) => decision.startsWith('Never')));
    expect((await list()).length).toBe(before);
  });
});
