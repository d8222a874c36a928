import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { storable, storableParams } from '../../../src/store/storable.ts';
import { statement } from '../../../src/store/store.ts';
import { enginesOf, openTestStore } from '../../support/engines.ts';
import { mustGit, sourceRepository } from '../../support/gateway.ts';
import { type Line, openLine } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';

const plan = `
${planHead()}
gates:
  odd: { run: "printf 'expected a\\\\000b, got \\\\377\\\\355\\\\240\\\\200 \\\\033[31mred\\\\n'" }
  cursed: { run: "echo curse" }
  fits: { run: "true" }
  fails: { run: "cat vendor/lib/x" }
  ends: { run: "printf unended; exit 1" }
tasks:
  a: { title: A, phase: build, write: ["a/**"], gates: [odd] }
  b: { title: B, phase: build, write: ["b/**"], gates: [cursed] }
  c: { title: C, phase: build, write: ["c/**"], gates: [fits, fails] }
  d: { title: D, phase: build, write: ["d/**"], gates: [ends] }
`;

/** Stands for any value that a database refuses unexpectedly. */
const curse = [
  `create function refuse_curse() returns trigger language plpgsql as $$ begin
     if new.output like 'curse%' then raise exception 'cursed output'; end if; return new; end $$`,
  'create trigger refuse_curse before update on gate_runs for each row execute function refuse_curse()',
];

describe.each(enginesOf(import.meta.filename))('the output of gates, on %s', (engine) => {
  let line: Line;
  beforeAll(async () => {
    line = await openLine(engine, { plan, config: { abandonedMs: 500 } });
  });
  afterAll(() => line?.close());
  const gateOf = async (change: string) => (await line.change(change)).gates[0];

  it('is kept whatever bytes it has, and the gate has run once', async () => {
    const hand = await line.mint('agent:a');
    const { change } = await line.offer(hand, 'a', { 'a/x': '1' });
    await line.until(change, 'judging');
    const ended = (await line.events()).filter(({ type }) => type === 'gate.ended');
    expect(ended.map(({ data }) => data.passed)).toEqual([true]);
    const rows = await line.app.gateway.store.rows<{ output: string }>(
      statement('', 'select output from gate_runs where change = $1'),
      [change],
    );
    expect(rows[0]?.output).toContain('expected a\ufffdb, got \ufffd');
  });

  it('that the database refuses three times fails the gate, with the reason; it does not run for ever', async () => {
    for (const text of curse) await line.app.gateway.store.rows(statement('', text));
    const hand = await line.mint('agent:b');
    const { change } = await line.offer(hand, 'b', { 'b/x': '1' });
    await line.until(change, 'refused');
    expect((await gateOf(change))?.status).toBe('failed');
    const [row] = await line.app.gateway.store.rows<{ output: string }>(
      statement('', 'select output from gate_runs where change = $1'),
      [change],
    );
    expect(row?.output).toBe('its result could not be written down 3 times: cursed output');
  });
});

it('of a gate that fails tells what Andon does not serve; of one that passes, nothing', async () => {
  const source = await sourceRepository({ '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n' });
  const head = await mustGit(source, ['rev-parse', 'HEAD']);
  await mustGit(source, ['update-index', '--add', '--cacheinfo', `160000,${head},vendor/lib`]);
  await mustGit(source, ['commit', '-q', '-m', 'more']);
  const line = await openLine('pglite', { plan, source });
  try {
    const { change } = await line.offer(await line.mint('agent:c'), 'c', { 'c/x': '1' });
    await line.until(change, 'refused');
    const { gates } = await line.change(change);
    const outputOf = (name: string) => gates.find(({ gate }) => gate === name)?.output;
    expect(outputOf('fits')).toBe('');
    expect(outputOf('fails')).toMatch(
      /^cat: vendor\/lib\/x: No such file or directory\nandon: submodules are/,
    );
    expect(outputOf('fails')).toContain('andon: submodules are not served: vendor/lib lie empty in clones');
    expect(outputOf('fails')).toContain('andon: files of Git LFS stay pointers in gates');
    const other = await line.offer(await line.mint('agent:d'), 'd', { 'd/x': '1' });
    await line.until(other.change, 'refused');
    expect((await line.change(other.change)).gates[0]?.output).toMatch(/^unended\nandon: submodules are/);
  } finally {
    await line.close();
    rmSync(source, { recursive: true, force: true });
  }
});

describe.each(enginesOf(import.meta.filename))('text that a database refuses, on %s', (engine) => {
  it('is stored by statements and by drizzle alike, in lists too', async () => {
    const store = await openTestStore(engine);
    try {
      const odd = 'a\u0000b\ud800c\udc00d';
      const clean = 'a\ufffdb\ufffdc\ufffdd';
      const [row] = await store.rows<{ one: string; many: string[] }>(
        statement('', 'select $1::text as one, $2::text[] as many'),
        [odd, [odd, 'x']],
      );
      expect(row).toEqual({ one: clean, many: [clean, 'x'] });
      const { projects } = await import('../../../src/tasks/schema.ts');
      await store.orm.insert(projects).values({ name: odd, repository: odd });
      const made = await store.orm.select().from(projects);
      expect(made.map(({ name }) => name)).toContain(clean);
    } finally {
      await store.close();
    }
  });
});

it('leaves every other text and value as it is', () => {
  const values = ['', 'ü😀', 1, null, true, new Date(0), ['a', ['b']]];
  expect(storableParams(values)).toEqual(values);
  expect(storable('😀')).toBe('😀');
});
