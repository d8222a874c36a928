import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cli } from '../../support/cli.ts';
import { mustGit, sourceRepository } from '../../support/gateway.ts';

describe('andon init', () => {
  let folder: string;
  const read = (name: string): string => readFileSync(join(folder, name), 'latin1');

  beforeAll(async () => {
    folder = await sourceRepository({
      'package.json': '{ "scripts": { "test": "node --test", "lint": "eslint" } }',
      '.gitignore': 'dist\n',
    });
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('writes a plan that is sound, and touches nothing else of the checkout', async () => {
    const before = ['.git/index', '.git/config', '.git/HEAD', '.gitignore'].map(read);
    const { exit, stdout } = await cli(['init', '--project', 'shop'], { cwd: folder });
    expect([exit, stdout]).toEqual([0, 'wrote andon.yaml\nadded .andon/ to .git/info/exclude\n']);
    expect(['.git/index', '.git/config', '.git/HEAD', '.gitignore'].map(read)).toEqual(before);
    expect(await mustGit(folder, ['status', '--short'])).toBe('?? andon.yaml');
    const checked = await cli(['plan', 'check', '--json'], { cwd: folder });
    expect(JSON.parse(checked.stdout)).toEqual({ ok: true, project: 'shop', phases: 1, tasks: 1 });
    expect(read('andon.yaml')).toContain('npm run test');
  });

  it('says which program the gates need that this machine lacks', async () => {
    const made = await sourceRepository({
      'package.json': '{ "scripts": { "test": "x" } }',
      'pnpm-lock.yaml': "lockfileVersion: '9.0'\n",
    });
    const { stderr } = await cli(['init'], { cwd: made, env: { PATH: '/usr/bin:/bin' } });
    const draft = readFileSync(join(made, 'andon.yaml'), 'utf8');
    rmSync(made, { recursive: true, force: true });
    expect(stderr).toContain('pnpm is not on this machine; gates of andon.yaml need it');
    expect(draft).toContain('#  pnpm is not on this machine');
  });

  it('measures the code, says what is over the limits, and takes test code from the tools that it finds', async () => {
    const made = await sourceRepository({
      'package.json': '{ "devDependencies": { "vitest": "4", "mocha": "11" } }',
      'go.mod': 'module x\n',
      'src/old.js': `function old(a) {\n${'  if (a) a();\n'.repeat(70)}}\n`,
      'src/a.test.js': `describe('a', () => {\n${'  a();\n'.repeat(70)}});\n`,
      'test/b.js': `it('b', () => {\n${'  a();\n'.repeat(70)}});\n`,
    });
    const { exit, stderr } = await cli(['init'], { cwd: made });
    const draft = readFileSync(join(made, 'andon.yaml'), 'utf8');
    const checked = await cli(['check', '.', '--json'], { cwd: made });
    const sound = await cli(['plan', 'check'], { cwd: made });
    rmSync(made, { recursive: true, force: true });
    expect(exit).toBe(0);
    const words =
      /1 functions are over these limits; they may not grow \(3 source files, measured in \d+\.\d s\)/;
    expect(stderr).toMatch(words);
    expect(draft).toMatch(words);
    expect(draft).toContain('# Test code, as vitest, mocha, go find it');
    expect(draft).toContain(
      'tests: ["**/*.test.*", "**/*.spec.*", "**/__tests__/**", "test/**", "**/*_test.go"]',
    );
    expect(sound.exit).toBe(0);
    const { reasons } = JSON.parse(checked.stdout) as { reasons: { code: string; subject: string }[] };
    expect(reasons.map(({ code, subject }) => `${code} ${subject}`)).toEqual([
      'complexity src/old.js:1 old',
      'function.length src/old.js:1 old',
    ]);
  });

  it('changes nothing when it is run again', async () => {
    const before = ['andon.yaml', '.git/info/exclude'].map(read);
    expect((await cli(['init'], { cwd: folder })).stdout).toBe('nothing to do: everything is in place\n');
    expect(['andon.yaml', '.git/info/exclude'].map(read)).toEqual(before);
  });

  it('keeps a plan that is there', async () => {
    writeFileSync(join(folder, 'andon.yaml'), 'mine: yes\n');
    await cli(['init'], { cwd: folder });
    expect(read('andon.yaml')).toBe('mine: yes\n');
  });

  it('ends with 2 where there is no repository', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'andon-empty-'));
    const { exit, stderr } = await cli(['init'], { cwd: empty });
    rmSync(empty, { recursive: true });
    expect(exit).toBe(2);
    expect(stderr).toContain('git init');
  });
});
