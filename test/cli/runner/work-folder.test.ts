import { createHash } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { workFolder } from '../../../src/cli/runner/work-folder.ts';

describe('the folder that runs live in', () => {
  let outer: string;
  let wanted: string;
  let own: string;
  beforeEach(() => {
    outer = mkdtempSync(join(tmpdir(), 'andon-wanted-'));
    wanted = join(outer, 'runner');
    own = join(tmpdir(), `andon-runner-${createHash('sha256').update(wanted).digest('hex').slice(0, 16)}`);
  });
  afterEach(() => {
    for (const one of [outer, own]) rmSync(one, { recursive: true, force: true });
  });

  it('is the one that was asked for, where every run can get to it', () => {
    expect(workFolder(wanted, 'bubblewrap')).toBe(wanted);
    chmodSync(outer, 0o711);
    expect(workFolder(wanted, 'other-user')).toBe(wanted);
  });

  it('is one of its own in the temporary folder, where runs are users that could not enter', () => {
    expect(workFolder(wanted, 'other-user')).toBe(own);
    expect(statSync(own).mode & 0o777).toBe(0o711);
    // The next start finds it as its own.
    expect(workFolder(wanted, 'other-user')).toBe(own);
  });

  // The name is predictable, and everybody may make folders there: the owner of the folder could change the
  // files of runs.
  it('is refused where a link lies in its place', () => {
    symlinkSync(outer, own);
    expect(() => workFolder(wanted, 'other-user')).toThrow(/somebody else/);
  });

  it.runIf(process.getuid?.() === 0)('is refused where somebody else has made it before', () => {
    mkdirSync(own);
    chownSync(own, 61_183, 61_183);
    expect(() => workFolder(wanted, 'other-user')).toThrow(/somebody else/);
  });
});
