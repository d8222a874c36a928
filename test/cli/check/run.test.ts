import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createAnalyser } from '../../../src/analysis/analyser.ts';
import { type CheckRequest, runCheck } from '../../../src/cli/check/run.ts';
import { makeRepository, type Repository } from '../../support/repository.ts';

const analyser = createAnalyser();
afterAll(() => analyser.close());

let repository: Repository;
beforeEach(() => {
  repository = makeRepository();
});
afterEach(() => repository.remove());

const bad = (name: string): string => `function ${name}() { a && b && c; }\n`;

interface Found {
  readonly exit: number;
  readonly subjects: string[];
  readonly files: number;
}

async function check(request: Partial<CheckRequest>): Promise<Found> {
  const data: string[] = [];
  const output = { data: (text: string) => void data.push(text), talk: () => {} };
  const given = { complexity: 2 };
  const cwd = repository.root;
  const exit = await runCheck({ cwd, paths: [], given, format: 'json', ...request }, output, analyser);
  const { reasons, files } = JSON.parse(data.join(''));
  return { exit, files, subjects: reasons.map((one: { subject: string }) => one.subject) };
}

describe('andon check on paths', () => {
  it('judges every function of the files and folders named, tracked or not, and leaves out what git ignores', async () => {
    repository.write('src/a.ts', bad('tracked'));
    repository.commit();
    repository.write('src/b.mjs', bad('untracked'));
    repository.write('.gitignore', 'out/\n');
    repository.write('src/out/c.ts', bad('ignored'));
    repository.write('d.ts', bad('elsewhere'));
    const found = await check({ paths: ['src'] });
    expect(found).toEqual({ exit: 4, files: 2, subjects: ['src/a.ts:1 tracked', 'src/b.mjs:1 untracked'] });
    expect((await check({ paths: ['src/out'] })).subjects).toEqual(['src/out/c.ts:1 ignored']);
  });

  it('names files from the root of the work tree, wherever it is started', async () => {
    repository.write('src/é x/a.ts', bad('f'));
    const found = await check({ cwd: join(repository.root, 'src'), paths: ['.'] });
    expect(found.subjects).toEqual(['src/é x/a.ts:1 f']);
  });

  it('follows no symbolic link', async () => {
    repository.write('a.ts', bad('f'));
    symlinkSync('a.ts', join(repository.root, 'b.ts'));
    symlinkSync('/', join(repository.root, 'all'));
    expect((await check({ paths: ['.'] })).subjects).toEqual(['a.ts:1 f']);
  });

  it('takes a path that does not exist as wrong use', async () => {
    await expect(check({ paths: ['none.ts'] })).rejects.toMatchObject({ code: 'cli.usage', exit: 2 });
  });
});

describe('andon check --staged', () => {
  it('judges the index, not the work tree, against HEAD', async () => {
    repository.write('a.ts', bad('old'));
    repository.commit();
    repository.write('a.ts', bad('old') + bad('staged'));
    repository.git('add', 'a.ts');
    repository.write('a.ts', bad('old') + bad('staged') + bad('unstaged'));
    expect(await check({ staged: true })).toEqual({ exit: 4, files: 1, subjects: ['a.ts:2 staged'] });
  });

  it('works before the first commit and without a change', async () => {
    repository.write('a.ts', bad('first'));
    repository.git('add', 'a.ts');
    expect((await check({ staged: true })).subjects).toEqual(['a.ts:1 first']);
    repository.commit();
    expect(await check({ staged: true })).toEqual({ exit: 0, files: 0, subjects: [] });
  });

  it('lets a renamed file be, whose functions are unaltered', async () => {
    repository.write('a.ts', bad('f'));
    repository.commit();
    repository.git('mv', 'a.ts', 'b.ts');
    expect((await check({ staged: true })).exit).toBe(0);
  });

  it('holds a renamed and altered file against its old path', async () => {
    const rows = 'let row;\n'.repeat(30);
    repository.write('a.ts', `${rows}${bad('f')}`);
    repository.write('gone.ts', bad('g'));
    repository.commit();
    repository.git('mv', 'a.ts', 'b.ts');
    repository.git('rm', '-q', 'gone.ts');
    repository.write('b.ts', `${rows}${bad('f').replace('c;', 'd;')}`);
    repository.git('add', '-A');
    expect((await check({ staged: true })).subjects).toEqual([]);
    const commit = repository.commit();
    expect((await check({ range: `${commit}~1..${commit}` })).subjects).toEqual([]);
    repository.write('b.ts', `${rows}${bad('f').replace('c;', 'd && e;')}`);
    expect((await check({ range: `${commit}~1..${repository.commit()}` })).subjects).toEqual(['b.ts:31 f']);
  });

  it('lets a line of an old function and of a wide file be mended', async () => {
    const wide = `const wide = "${'x'.repeat(6_000)}";\n`;
    repository.write('a.ts', `${wide}${bad('f')}`);
    repository.commit();
    repository.write('a.ts', `${wide}${bad('f').replace('c;', 'd;')}`);
    repository.git('add', '-A');
    expect((await check({ staged: true })).exit).toBe(0);
    repository.write('a.ts', `${wide}${bad('f').replace('c;', 'd && e;')}`);
    repository.git('add', '-A');
    expect((await check({ staged: true })).subjects).toEqual(['a.ts:2 f']);
  });

  it('reads names with line ends, quotes and tabs, and no symbolic link', async () => {
    repository.write('a\n"b"\t.ts', bad('f'));
    symlinkSync('if (', join(repository.root, 'link.ts'));
    repository.git('add', '-A');
    expect((await check({ staged: true })).subjects).toEqual(['a\n"b"\t.ts:1 f']);
  });

  it('refuses a file too large to be analysed without reading it', async () => {
    repository.write('a.ts', '//\n'.repeat(500_000));
    repository.git('add', '-A');
    expect((await check({ staged: true })).subjects).toEqual(['a.ts']);
  });
});

describe('andon check --range', () => {
  it('judges the tip against the merge base, so that work landed meanwhile is not its fault', async () => {
    repository.write('a.ts', 'let a;');
    repository.commit();
    repository.git('checkout', '-q', '-b', 'work');
    repository.write('b.ts', bad('mine'));
    repository.write('bin/run', `#!/usr/bin/env node\n${bad('script')}`);
    repository.commit();
    repository.git('checkout', '-q', 'main');
    repository.write('a.ts', bad('theirs'));
    repository.commit();
    const subjects = ['b.ts:1 mine', 'bin/run:2 script'];
    for (const range of ['main..work', 'main...work'])
      expect((await check({ range })).subjects).toEqual(subjects);
    repository.git('checkout', '-q', 'work');
    expect((await check({ range: 'main..' })).subjects).toEqual(subjects);
  });

  it.each(['--output=x..HEAD', 'HEAD..--all'])('does not hand `%s` to git', async (range) => {
    repository.commit();
    await expect(check({ range })).rejects.toMatchObject({
      reasons: [{ code: 'cli.usage', subject: '--range' }],
    });
  });

  it.each(['main', 'none..HEAD'])('takes `%s` as wrong use', async (range) => {
    repository.commit();
    await expect(check({ range })).rejects.toMatchObject({ code: 'cli.usage' });
  });
});

describe('andon check --changed', () => {
  it('judges what the work tree has over HEAD, untracked files too; also without any argument', async () => {
    repository.write('a.ts', bad('old'));
    repository.write('b/c.ts', 'let c;');
    repository.commit();
    repository.write('a.ts', bad('old') + bad('fresh'));
    repository.write('b/d.ts', bad('untracked'));
    expect((await check({})).subjects).toEqual(['a.ts:2 fresh', 'b/d.ts:1 untracked']);
    expect((await check({ changed: true, paths: ['b'] })).subjects).toEqual(['b/d.ts:1 untracked']);
    const below = await check({ changed: true, paths: ['.'], cwd: join(repository.root, 'b') });
    expect(below.subjects).toEqual(['b/d.ts:1 untracked']);
  });

  it('is wrong use together with another form, or outside of a work tree', async () => {
    await expect(check({ staged: true, range: 'a..b' })).rejects.toMatchObject({ code: 'cli.usage' });
    await expect(check({ staged: true, paths: ['a'] })).rejects.toMatchObject({ code: 'cli.usage' });
    await expect(check({ changed: true, cwd: '/' })).rejects.toMatchObject({ code: 'cli.usage' });
  });
});

describe('andon check with a baseline', () => {
  it('refuses what is new or worse than when the baseline was written, without any gateway or history', async () => {
    repository.write('a.ts', bad('old'));
    expect(await checkOnly({ writeBaseline: 'base.json' })).toBe(0);
    expect((await check({ paths: ['.'], baseline: 'base.json' })).subjects).toEqual([]);
    repository.write('a.ts', `let a;\n${bad('old')}`);
    expect((await check({ paths: ['.'], baseline: 'base.json' })).subjects).toEqual([]);
    repository.write('a.ts', `${bad('old').replace('c;', 'c && d;')}${bad('fresh')}`);
    expect((await check({ paths: ['.'], baseline: 'base.json' })).subjects).toEqual([
      'a.ts:1 old',
      'a.ts:2 fresh',
    ]);
  });

  const checkOnly = (request: Partial<CheckRequest>): Promise<number> =>
    runCheck(
      { cwd: repository.root, paths: ['.'], given: { complexity: 2 }, format: 'human', ...request },
      { data: () => {}, talk: () => {} },
      analyser,
    );

  it.each([
    ['no such file', undefined],
    ['Invalid input', '{ "version": 2, "files": {} }'],
    ['Invalid input', '{"version":1,"files":{"a":[{"rule":1}]}}'],
    ['Invalid input', 'not JSON'],
  ])('says %s of a file that is no baseline', async (found, text) => {
    if (text !== undefined) repository.write('base.json', text);
    const error = await check({ paths: ['.'], baseline: 'base.json' }).catch((one: unknown) => one);
    expect(error).toMatchObject({ code: 'check.baseline', exit: 2 });
    expect(String((error as { reasons: { found: string }[] }).reasons[0]?.found)).toContain(found);
  });
});

describe('andon check in a hostile repository', () => {
  it('runs no file system monitor, hook, filter or external diff that the repository configures', async () => {
    const trap = `touch ${join(repository.root, 'sprung')}`;
    repository.write('.gitattributes', '*.ts diff=trap filter=trap\n');
    repository.write('a.ts', bad('f'));
    repository.commit();
    for (const name of [
      'core.fsmonitor',
      'diff.external',
      'diff.trap.command',
      'diff.trap.textconv',
      'core.pager',
    ]) {
      repository.git('config', name, trap);
    }
    for (const name of ['filter.trap.clean', 'filter.trap.smudge'])
      repository.git('config', name, `${trap}; cat`);
    repository.write('a.ts', `${bad('f')}let b;\n`);
    await check({});
    await check({ staged: true });
    await check({ paths: ['.'] });
    await check({ range: 'HEAD..HEAD' });
    expect(repository.git('-c', 'core.fsmonitor=false', 'ls-files', '--others')).toBe('');
  });

  it('sees the object that is pushed, not its local replacement', async () => {
    repository.write('a.ts', bad('f'));
    repository.git('add', 'a.ts');
    const id = repository.git('rev-parse', ':a.ts');
    repository.write('b', 'let harmless;');
    repository.git('replace', id, repository.git('hash-object', '-w', 'b'));
    expect((await check({ staged: true })).subjects).toEqual(['a.ts:1 f']);
  });
});

describe('the limits of andon check', () => {
  it('come from andon.yaml where the command line is silent', async () => {
    repository.write('a.ts', `${bad('f')}function long() {\n\n\n}\n`);
    repository.write(
      'andon.yaml',
      'project: x\nlimits: { implementer: { complexity: 2, functionLines: 3 } }\n',
    );
    expect((await check({ paths: ['.'], given: {} })).subjects).toEqual(['a.ts:1 f', 'a.ts:2 long']);
    expect((await check({ paths: ['.'], given: { complexity: 3, lines: 9 } })).exit).toBe(0);
  });

  it.each(['limits: { implementer: { complexity: 0 } }', 'limits: 3', 'a: [', 'a: *b'])(
    'refuse `%s`',
    async (text) => {
      repository.write('andon.yaml', text);
      await expect(check({ paths: ['.'] })).rejects.toMatchObject({ code: 'plan.invalid' });
    },
  );

  it('refuse a file over 1 MB', async () => {
    repository.write('andon.yaml', `# ${'x'.repeat(1024 * 1024)}`);
    await expect(check({ paths: ['.'] })).rejects.toMatchObject({ code: 'plan.invalid' });
  });

  it('refuse an alias bomb', async () => {
    const bomb = [
      'a0: &a0 [x]',
      ...Array.from({ length: 30 }, (_, at) => `a${at + 1}: &a${at + 1} [${`*a${at},`.repeat(9)}]`),
    ];
    repository.write('andon.yaml', bomb.join('\n'));
    await expect(check({ paths: ['.'] })).rejects.toMatchObject({ code: 'plan.invalid' });
  });
});
