import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAmount } from '../src/parse.js';

test('reads units and cents', () => {
  assert.equal(parseAmount('12.34'), 1234);
});

test('refuses what is no amount', () => {
  assert.throws(() => parseAmount('12 apples'));
});
