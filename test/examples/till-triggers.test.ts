import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { cleanEnvironment, cli } from '../support/cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'andon-sample-triggers-'));
const home = join(folder, 'home');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Step {
  readonly agent?: string;
  readonly say?: string;
  readonly event?: { readonly type: string; readonly data: Record<string, unknown> };
}

it('shows a review by the clock, a ladder of a deadline, a debugger after two failed builds and an idle agent', async () => {
  const env = { ...cleanEnvironment(home), TMPDIR: folder };
  const { exit, stdout, stderr } = await cli(['sample', '--triggers', '--exit', '--json'], {
    cwd: folder,
    env,
  });
  const lines = stdout.trimEnd().split('\n');
  const steps = lines.map((line) => JSON.parse(line) as Step);
  expect(steps.at(-1), `${stderr}\n${lines.slice(-12).join('\n')}`).toMatchObject({
    done: true,
    tasks: 3,
    landed: 3,
    gatesFailed: 2,
    fired: { ladder: 3, 'build-broken': 1 },
    helped: { builder: 1, emergency: 1 },
    reminders: 2,
  });
  expect(exit).toBe(0);
  // The recipients tell the messages.
  const heard = (agent: string): string =>
    steps.flatMap(({ agent: who, say = '' }) => (who === agent ? [say] : [])).join('\n');
  expect(heard('dawdler')).toMatch(/\[deadline\] format: \d+ s left until its deadline/);
  expect(heard('lead')).toMatch(/\[deadline\] format: \d+ s left until its deadline/);
  expect(heard('lead')).toMatch(/\[alert\] \d agents? idle for over 5 s/);
  expect(heard('debugger')).toContain('two builds of parse failed');
  expect(heard('emergency')).toContain('format is mine now');
  const ended = steps.flatMap(({ event }) => (event?.type === 'run.ended' ? [event.data] : []));
  expect(ended.filter(({ profile }) => profile === 'dawdler')).toMatchObject([{ outcome: 'cancelled' }]);
  // The sample leaves nothing behind: neither in the home nor beside it.
  expect(readdirSync(home)).toEqual([]);
  expect(readdirSync(folder)).toEqual(['home']);
});
