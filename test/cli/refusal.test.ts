import { linkSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { asAndonError } from '../../src/cli/refusal.ts';

test('what cannot be written for want of room is disk.full, and says what', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  const [reason] = asAndonError(new Error('token file', { cause: full })).reasons;
  expect(reason).toMatchObject({ code: 'disk.full', subject: 'this machine', found: 'Error: token file' });
  expect(asAndonError(new Error('x')).code).toBe('internal');
});

test('what the system lets nobody do with a file is file.denied, and names the file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-denied-'));
  const refused = attempt(() => linkSync(folder, join(folder, 'link')));
  const [reason] = asAndonError(new Error('token file', { cause: refused })).reasons;
  expect(reason).toMatchObject({
    code: 'file.denied',
    subject: folder,
    found: expect.stringMatching(/^EPERM: operation not permitted, link/),
  });
  // For a process or a port the error has no such words.
  const other = Object.assign(new Error('listen EACCES'), { code: 'EACCES', syscall: 'listen', port: 80 });
  expect(asAndonError(other).code).toBe('internal');
});

test('a file that is not there is wrong use, and a program that is not there is not', () => {
  const missing = attempt(() => readFileSync('/nowhere/trigger.yaml'));
  expect(asAndonError(missing).reasons).toMatchObject([
    { code: 'cli.usage', subject: '/nowhere/trigger.yaml', found: expect.stringMatching(/^ENOENT: no such/) },
  ]);
  const program = Object.assign(new Error('spawn x ENOENT'), {
    code: 'ENOENT',
    syscall: 'spawn x',
    path: 'x',
  });
  expect(asAndonError(program).code).toBe('internal');
});

function attempt(act: () => void): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error('it went through');
}
