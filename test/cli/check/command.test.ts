import { spawnSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { gitEnv, makeRepository, type Repository } from '../../support/repository.ts';

const main = join(import.meta.dirname, '../../support/check-main.ts');
const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

let repository: Repository;
beforeEach(() => {
  repository = makeRepository();
});
afterEach(() => repository.remove());

function andonCheck(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const argv = ['--import', loader, main, 'check', ...args];
  return spawnSync(process.execPath, argv, {
    cwd: repository.root,
    env: gitEnv,
    encoding: 'utf8',
    timeout: 25_000,
  });
}

const bad = 'function bad() { a && b && c; }\n';

describe('the command andon check', () => {
  it('prints reasons to stdout and the outcome to stderr, and ends with 4 or 0', () => {
    repository.write('a.ts', bad);
    const refused = andonCheck('--complexity', '2', 'a.ts');
    expect(refused).toMatchObject({ status: 4, stdout: 'complexity  a.ts:1 bad  3, limit 2; split `bad`\n' });
    expect(refused.stderr).toBe(
      'andon check: refused, 1 reason in 1 source file (complexity at most 2, functions at most 60 lines)\n',
    );
    expect(andonCheck('--quiet', 'a.ts')).toMatchObject({ status: 0, stdout: '', stderr: '' });
  });

  it.each([
    [['--complexity', '0']],
    [['--complexity', '1e3']],
    [['--lines', '']],
    [['--none']],
    [['--json', '--sarif']],
    [['--staged', 'a.ts']],
    [['none.ts']],
  ])('ends with 2 on %j', (args) => {
    repository.write('a.ts', bad);
    expect(andonCheck(...args)).toMatchObject({ status: 2, stdout: '' });
  });

  it('lets no name in a report steer the terminal', () => {
    repository.write('\u001b[2Ja\u202e.ts', bad);
    const { stdout } = andonCheck('--complexity', '2', '.');
    expect(stdout).toContain('\\u{1b}[2Ja\\u{202e}.ts:1 bad');
    expect(stdout).not.toContain('\u001b');
  });
});

describe('andon check --install', () => {
  const hook = (): string => join(repository.root, '.git/hooks/pre-commit');
  const commit = (): { status: number | null; stderr: string } =>
    spawnSync('git', ['commit', '-qam', 'x'], { cwd: repository.root, env: gitEnv, encoding: 'utf8' });

  it('writes a hook that refuses a commit as the command does, with the index of that commit', () => {
    repository.write('a.ts', 'let a;\n');
    repository.commit();
    expect(andonCheck('--install')).toMatchObject({ status: 0, stdout: `wrote ${hook()}\n` });
    expect(statSync(hook()).mode & 0o777).toBe(0o755);
    repository.write('andon.yaml', 'limits: { implementer: { complexity: 2 } }');
    repository.write('a.ts', bad);
    const refused = commit();
    expect(refused.status).toBe(1);
    expect(refused.stderr).toContain('complexity  a.ts:1 bad');
    repository.write('a.ts', 'let b;\n');
    expect(commit()).toMatchObject({ status: 0 });
  });

  it('changes nothing when it is there already', () => {
    andonCheck('--install');
    expect(andonCheck('--install').stdout).toBe(`unchanged ${hook()}\n`);
  });

  it('leaves a foreign hook, a link too, unless it is forced', () => {
    mkdirSync(join(repository.root, '.git/hooks'), { recursive: true });
    const target = join(repository.root, 'mine.sh');
    writeFileSync(target, '#!/bin/sh\n');
    rmSync(hook(), { force: true });
    symlinkSync(target, hook());
    const refused = andonCheck('--install');
    expect(refused.status).toBe(6);
    expect(refused.stderr).toContain('hook.foreign');
    expect(andonCheck('--install', '--force').status).toBe(0);
    expect(lstatSync(hook()).isFile()).toBe(true);
    expect(readFileSync(target, 'utf8')).toBe('#!/bin/sh\n');
  });

  it('takes a folder in place of the hook as foreign', () => {
    mkdirSync(hook(), { recursive: true });
    expect(andonCheck('--install').status).toBe(6);
  });

  it('writes where core.hooksPath says', () => {
    repository.git('config', 'core.hooksPath', 'tools/hooks');
    expect(andonCheck('--install').status).toBe(0);
    expect(existsSync(join(repository.root, 'tools/hooks/pre-commit'))).toBe(true);
    expect(existsSync(hook())).toBe(false);
  });

  it('refuses where hooks have no folder', () => {
    repository.git('config', 'core.hooksPath', '/dev/null');
    expect(andonCheck('--install').status).toBe(2);
  });
});
