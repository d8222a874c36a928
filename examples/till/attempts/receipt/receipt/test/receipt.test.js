import assert from 'node:assert/strict';
import { test } from 'node:test';
import { receipt } from '../src/receipt.js';

test('ends with the total', () => {
  assert.equal(receipt([{ name: 'tea', price: 250, count: 2 }]), 'tea  5.00\ntotal  5.00');
});
