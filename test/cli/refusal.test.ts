import { expect, test } from 'vitest';
import { asAndonError } from '../../src/cli/refusal.ts';

test('what cannot be written for want of room is disk.full, and says what', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  const [reason] = asAndonError(new Error('token file', { cause: full })).reasons;
  expect(reason).toMatchObject({ code: 'disk.full', subject: 'this machine', found: 'Error: token file' });
  expect(asAndonError(Object.assign(new Error('x'), { code: 'EACCES' })).code).toBe('internal');
});
