import assert from 'node:assert/strict';
import test from 'node:test';

test('adds', async () => {
  const { total } = await import('../src/total.js');
  assert.equal(total(1, 2), 3);
});
