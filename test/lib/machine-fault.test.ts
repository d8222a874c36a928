import { expect, test } from 'vitest';
import { faultOf, saidFault } from '../../src/lib/machine-fault.ts';

test.each([
  ['error: unable to write file a.ts: No space left on device', 'disk.full'],
  ['fatal: unable to create threaded lstat: Resource temporarily unavailable', 'machine.exhausted'],
  ['fatal: cannot open .git/config: Too many open files', 'machine.exhausted'],
  ['spawn git EAGAIN', 'machine.exhausted'],
  ['Error: spawn EMFILE', 'machine.exhausted'],
  ['error: object 01234567: a tree names EMFILE', undefined],
  ['spawn git ENOENT', undefined],
])('%s says %s', (text, fault) => expect(saidFault(text)).toBe(fault));

test('the fault of an error is that of what it wraps', () => {
  const none = Object.assign(new Error('x'), { code: 'EMFILE' });
  expect(faultOf(new Error('y', { cause: none }))).toBe('machine.exhausted');
  expect(faultOf(new Error('y'))).toBeUndefined();
});
