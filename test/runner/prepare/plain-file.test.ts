import { execFileSync } from 'node:child_process';
import {
  linkSync,
  lstatSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readBelow } from '../../../src/runner/live-folder.ts';
import { appendPlain, replaceSecret } from '../../../src/runner/prepare/plain-file.ts';

describe('files in a folder that a run may write to', () => {
  let folder: string;
  const at = (name: string): string => join(folder, name);
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'andon-plain-'));
    writeFileSync(at('outside'), 'of somebody else');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('are read, appended to and replaced', async () => {
    writeFileSync(at('inbox'), 'a');
    await appendPlain(at('inbox'), 'b');
    expect((await readBelow(folder, 'inbox', 10))?.toString()).toBe('ab');
    expect((await readBelow(folder, 'inbox', 1))?.toString()).toBe('a');
    await replaceSecret(at('inbox'), 'c', undefined);
    expect(readFileSync(at('inbox'), 'utf8')).toBe('c');
    expect(statSync(at('inbox')).mode & 0o777).toBe(0o600);
  });

  it('that are links lead nowhere', async () => {
    symlinkSync(at('outside'), at('symbolic'));
    writeFileSync(at('other'), 'of somebody else');
    linkSync(at('other'), at('hard'));
    for (const name of ['symbolic', 'hard']) {
      await appendPlain(at(name), 'planted');
      expect(await readBelow(folder, name, 100)).toBeUndefined();
    }
    for (const name of ['outside', 'other']) expect(readFileSync(at(name), 'utf8')).toBe('of somebody else');
  });

  it('that lie where a secret might be prepared are neither written to nor removed', async () => {
    symlinkSync(at('outside'), at('token.new'));
    await replaceSecret(at('token'), 'secret', undefined);
    expect(readFileSync(at('outside'), 'utf8')).toBe('of somebody else');
    expect(readFileSync(at('token'), 'utf8')).toBe('secret');
    expect(lstatSync(at('token.new')).isSymbolicLink()).toBe(true);
  });

  it('that are pipes do not hold the runner up', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    await appendPlain(at('pipe'), 'x');
    expect(await readBelow(folder, 'pipe', 10)).toBeUndefined();
  });
});
