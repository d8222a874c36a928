import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cents } from '../src/money.js';

test('adds units and cents', () => {
  assert.equal(cents(3, 5), 305);
});
