import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createFile, replaceFile, replaceFileBy } from '../../src/store/replace-file.ts';

describe('a file that is written aside and renamed', () => {
  let folder: string;
  const at = (name: string): string => join(folder, name);
  const modeOf = (name: string): number => statSync(at(name)).mode & 0o777;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'andon-replace-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('takes the place of what lay there, a link included, and leaves nothing beside it', async () => {
    writeFileSync(at('other'), 'of somebody else');
    symlinkSync(at('other'), at('file'));
    await replaceFile(at('file'), 'new', { mode: 0o600 });
    expect([readFileSync(at('file'), 'utf8'), readFileSync(at('other'), 'utf8')]).toEqual([
      'new',
      'of somebody else',
    ]);
    expect([lstatSync(at('file')).isSymbolicLink(), readdirSync(folder).sort()]).toEqual([
      false,
      ['file', 'other'],
    ]);
  });

  it('has the mode that the umask leaves, or exactly the one that is asked for', async () => {
    const umask = process.umask(0o077);
    try {
      await replaceFile(at('cut'), '', { mode: 0o755 });
      await replaceFile(at('exact'), '', { mode: 0o755, isExact: true });
      await replaceFile(at('group'), '', { mode: 0o640, gid: process.getgid?.() ?? 0 });
    } finally {
      process.umask(umask);
    }
    expect([modeOf('cut'), modeOf('exact'), modeOf('group')]).toEqual([0o700, 0o755, 0o640]);
  });

  it('is as it was when writing fails, and so is its folder', async () => {
    writeFileSync(at('file'), 'old');
    const half = replaceFileBy(at('file'), { mode: 0o600 }, async (file) => {
      await file.writeFile('ne');
      throw new Error('no room');
    });
    await expect(half).rejects.toThrow('no room');
    expect([readFileSync(at('file'), 'utf8'), readdirSync(folder)]).toEqual(['old', ['file']]);
    await expect(replaceFile(at('nowhere/file'), '', { mode: 0o600 })).rejects.toMatchObject({
      code: 'ENOENT',
    });
  });

  it('is made by the first of those who make it', async () => {
    const made = await Promise.all(
      ['a', 'b', 'c'].map((text) => createFile(at('file'), text, { mode: 0o600 })),
    );
    expect(made.filter(Boolean)).toHaveLength(1);
    expect(readFileSync(at('file'), 'utf8')).toBe('abc'[made.indexOf(true)]);
    expect([readdirSync(folder), existsSync(at('file'))]).toEqual([['file'], true]);
  });
});
