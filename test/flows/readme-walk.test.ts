import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { textOf } from '../support/markdown.ts';
import { examplesOf, walk } from '../support/walk.ts';

describe('the walk in the README', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-walk-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('ends as each of its lines says, in a new repository', async () => {
    const examples = examplesOf(textOf('README.md'));
    const steps = examples.flatMap((example) => example.steps);
    expect(steps.length).toBeGreaterThan(20);
    expect(steps.map(({ exit }) => exit).filter((exit) => exit !== 0)).toEqual([1, 4, 9]);
    const cwd = join(folder, 'shop');
    mkdirSync(cwd);
    const { exit, told, missing } = await walk(examples, { cwd, home: join(folder, 'home') });
    expect(exit, told).toBe(0);
    expect(missing, told).toEqual([]);
  });
});
