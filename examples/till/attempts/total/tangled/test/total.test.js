import assert from 'node:assert/strict';
import { test } from 'node:test';
import { total } from '../src/total.js';

test('adds up and takes the discount off', () => {
  const items = [{ price: 250, count: 2 }, { price: 500, count: 1 }];
  assert.equal(total(items), 1000);
  assert.equal(total(items, 'member'), 900);
});
