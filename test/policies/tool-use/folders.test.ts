import { describe, expect, it } from 'vitest';
import { folderReasons } from '../../../src/policies/tool-use/folders.ts';

const bash = (command: string) => folderReasons({ tool: 'Bash', input: { command } }).map(({ code }) => code);

describe('a load of a whole folder', () => {
  it.each([
    'cat src/*',
    'cat src/**/*.ts',
    'head -n 500 docs/*.md',
    'ls && tail -n 9999 src/*.ts | less',
    'find src -type f -exec cat {} +',
    "find . -name '*.ts' | xargs cat",
    'grep -r "" src',
    "grep -rn '.*' .",
    'rg . src',
    '/bin/cat a/*',
  ])('is refused: %s', (command) => {
    expect(bash(command)).toEqual(['tool.folder']);
  });

  it.each([
    'cat src/price.ts src/tax.ts',
    'ls src/*',
    'grep -rn grossPrice src',
    'grep -rl "" src',
    "find src -name '*.ts'",
    'find src -name x -exec rm {} +',
    'wc -l src/*',
    'npm test -- src/*',
    'echo "cat src/*"',
    'git log --oneline',
  ])('is not what this does: %s', (command) => {
    expect(bash(command)).toEqual([]);
  });

  it('is refused to the search that prints each line, and no other', () => {
    const grep = (input: object) => folderReasons({ tool: 'Grep', input: { ...input } });
    expect(grep({ pattern: '.', output_mode: 'content' })).toHaveLength(1);
    expect(grep({ pattern: '.', output_mode: 'files_with_matches' })).toEqual([]);
    expect(grep({ pattern: 'grossPrice', output_mode: 'content' })).toEqual([]);
    expect(grep({ pattern: '.' })).toEqual([]);
    expect(folderReasons({ tool: 'Bash', input: { command: 7 } })).toEqual([]);
  });
});
