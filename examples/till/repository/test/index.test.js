import assert from 'node:assert/strict';
import { test } from 'node:test';
import { centsPerUnit } from '../src/index.js';

test('a unit has a hundred cents', () => {
  assert.equal(centsPerUnit, 100);
});
