import { expect, it } from 'vitest';
import { newId } from '../../src/process/new-id.ts';

it('makes ids whose randomness never repeats, over many pages of it', () => {
  const tails = Array.from({ length: 5000 }, () => newId('event').slice(-16));
  expect(new Set(tails).size).toBe(tails.length);
});
