import { describe, expect, it } from 'vitest';
import { machineLimitsOf } from '../../src/gateway/runs/measure.ts';
import { humanOnly } from '../../src/plan/human-only.ts';
import { planSchema, sizeBytes } from '../../src/plan/plan.ts';
import { machineLimitsDefault } from '../../src/sandbox/machine-limits.ts';

const bare = { version: 1, project: 'shop', done: 'landed', phases: ['build'] };
const withMachine = (machine: unknown) => planSchema.parse({ ...bare, limits: { machine } });

describe('what a plan lets a gate or run take of the machine', () => {
  it('has defaults, and what is named goes before them', () => {
    expect(machineLimitsOf(undefined)).toEqual(machineLimitsDefault);
    expect(machineLimitsOf(planSchema.parse(bare))).toEqual(machineLimitsDefault);
    expect(machineLimitsOf(withMachine({ memory: '500MB', openFiles: 64 }))).toEqual({
      ...machineLimitsDefault,
      memoryBytes: 500_000_000,
      openFiles: 64,
    });
  });

  it('is changed by people alone, and by nobody who says nothing of it', () => {
    const plain = planSchema.parse(bare);
    expect(humanOnly(plain, withMachine({ processes: 600 }))).toEqual(['limits']);
    expect(humanOnly(withMachine({ processes: 600 }), plain)).toEqual(['limits']);
    // A plan that was stored before there were such limits.
    const { machine: _none, ...limits } = plain.limits;
    expect(humanOnly({ ...plain, limits }, planSchema.parse(bare))).toEqual([]);
  });

  it.each([
    { memory: '1kB' },
    { memory: 4_000_000_000 },
    { memory: '4 GB' },
    { memory: '4gb' },
    { disk: '999999TB' },
    { disk: '-1GB' },
    { processes: 0 },
    { processes: 1.5 },
    { openFiles: 8 },
    { cpus: 2 },
  ])('refuses %j', (machine) => {
    expect(planSchema.safeParse({ ...bare, limits: { machine } }).success).toBe(false);
  });

  it('reads sizes in powers of a thousand', () => {
    expect(['1kB', '2MB', '3GB', '4TB'].map(sizeBytes)).toEqual([1e3, 2e6, 3e9, 4e12]);
  });
});
