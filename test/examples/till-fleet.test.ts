import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { cleanEnvironment, cli } from '../support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'andon-fleet-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('lands twenty tasks of twelve agents in batches, and refuses one that is wrong only beside another', async () => {
  const env = { ...cleanEnvironment(join(folder, 'home')), TMPDIR: folder };
  const { exit, stdout } = await cli(['sample', '--fleet', '--exit', '--json'], { cwd: folder, env });
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { event?: { type: string; data: { batch?: number; why?: string } } });
  expect({ exit, last: lines.at(-1) }).toMatchObject({
    exit: 0,
    last: { done: true, tasks: 20, landed: 20 },
  });
  const of = (type: string) => lines.flatMap(({ event }) => (event?.type === type ? [event.data] : []));
  expect(of('change.refused').map(({ why }) => why)).toEqual(['gateFailed']);
  expect(Math.max(...of('change.landed').map(({ batch }) => batch ?? 0))).toBeGreaterThan(1);
}, 900_000);
