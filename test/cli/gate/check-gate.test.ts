import { mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli } from '../../support/cli.ts';
import { mustGit, sourceRepository, write } from '../../support/gateway.ts';
import { type Line, openLine } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';

const plan = `
${planHead()}
gates:
  clean: { run: "! grep -rn TODO src", timeout: 1m }
  tracked: { run: "ls -A; test -L link; test ! -e ignored; test ! -e gone; pwd > where" }
  slow: { run: "sleep 100", timeout: 1s }
  other: { run: "true" }
  look: { by: validator }
tasks:
  cart: { title: Cart, phase: build, write: ["src/**"], gates: [clean, tracked, slow, look] }
`;

describe('andon gate check', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-gate-check-'));
  let line: Line;
  let clone: string;
  let tokenFile: string;
  beforeAll(async () => {
    line = await openLine('pglite', { plan });
    const builder = await line.mint('agent:b');
    tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, builder.token, { mode: 0o600 });
    clone = await sourceRepository({ 'README.md': '# shop\n', '.gitignore': 'ignored\n', gone: 'x\n' });
    rmSync(join(clone, 'gone'));
    write(clone, { 'src/a.js': 'x();\n', ignored: 'x\n' });
    symlinkSync('README.md', join(clone, 'link'));
  });
  afterAll(async () => {
    await line.close();
    for (const one of [folder, clone]) rmSync(one, { recursive: true, force: true });
  });

  const check = (task: string, gate: string, ...more: string[]) =>
    cli(['gate', 'check', task, gate, ...more], {
      cwd: clone,
      env: { ANDON_URL: line.url, ANDON_PROJECT: 'shop', ANDON_TOKEN_FILE: tokenFile },
    });

  it('runs the gate of the applied plan on the work tree, and ends as the gate does', async () => {
    const passed = await check('cart', 'clean');
    expect([passed.exit, passed.stdout]).toEqual([
      0,
      expect.stringMatching(/^clean: passed in .*, on the work tree\n$/),
    ]);
    write(clone, { 'src/b.js': '// TODO\n' });
    const failed = await check('cart', 'clean');
    expect(failed.exit).toBe(1);
    expect(failed.stdout).toMatch(/^src\/b\.js:1:\/\/ TODO\nclean: failed, exit 1 in /);
    rmSync(join(clone, 'src/b.js'));
  });

  it('sees what git tracks or does not ignore, links as links, and writes nothing into the work tree', async () => {
    const before = readdirSync(clone);
    const { exit, stdout } = await check('cart', 'tracked', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ task: 'cart', gate: 'tracked', passed: true, exitCode: 0 });
    expect(exit).toBe(0);
    expect(readdirSync(clone)).toEqual(before);
    expect(await mustGit(clone, ['status', '--short', '--', 'where'])).toBe('');
  });

  it('ends a gate at its time limit', async () => {
    const { exit, stdout } = await check('cart', 'slow');
    expect([exit, stdout]).toEqual([1, expect.stringContaining('slow: timed out in ')]);
  });

  it.each([
    ['cart', 'look', 4, 'gate.manual', 'andon change submit'],
    ['cart', 'other', 5, 'gate.missing', 'limit clean, tracked, slow, look'],
    ['cart', '__proto__', 5, 'gate.missing', ''],
    ['pay', 'clean', 5, 'task.missing', 'andon task list'],
  ])('refuses %s %s', async (task, gate, exit, code, words) => {
    const found = await check(task, gate);
    expect(found.exit).toBe(exit);
    expect(found.stderr).toContain(code);
    expect(found.stderr).toContain(words);
  });

  it('leaves no trace in the log: it is no evidence', async () => {
    expect((await line.events()).filter(({ type }) => type.startsWith('gate.'))).toEqual([]);
  });
});
