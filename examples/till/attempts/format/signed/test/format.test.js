import assert from 'node:assert/strict';
import { test } from 'node:test';
import { format } from '../src/format.js';

test('shows two digits of cents', () => {
  assert.equal(format(1205), '12.05');
});

test('keeps the sign', () => {
  assert.equal(format(-5), '-0.05');
});
