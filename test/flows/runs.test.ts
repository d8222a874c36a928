import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Engine, shiftClock } from '../support/engines.ts';
import { sourceRepository, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { containments, endOf, outputOf, startTestRunner, type TestRunner } from '../support/runner.ts';
import { waitUntil } from '../support/wait.ts';

const project = 'yard';
/** Marks the sleeps of this process's agents by their seconds: tests of another checkout may run. */
const mark = 1_000_000 + process.pid;

const verdict = (result: string, more = ''): string =>
  `printf '{"version":1,"run":"%s","epoch":%s,"result":"${result}","summary":"${result} it"${more}}' "$ANDON_RUN" "$ANDON_EPOCH" > "$ANDON_VERDICT"`;
const work =
  'echo "export const n = 1;" > "src/$ANDON_TASK.ts" && git add -A && git commit -qm work && git push -q && andon change submit --json';

/** One profile per behaviour; each is a shell script. */
const agents: Record<string, { run: string; more?: string }> = {
  good: { run: `${work} && ${verdict('shipped')}` },
  quiet: { run: work },
  liar: { run: verdict('shipped') },
  pusher: {
    run: `echo x > src/x.ts && git add -A && git commit -qm x && git push -q; ${verdict('shipped')}`,
    more: 'retries: 0',
  },
  zero: { run: 'exit 0' },
  crash: { run: 'exit 137', more: 'retries: 0' },
  retry: { run: 'exit 3', more: 'retries: 1' },
  halt: { run: verdict('halted', ',"blockers":["the key is missing"]') },
  failed: { run: verdict('failed'), more: 'retries: 0' },
  half: { run: `printf '{"version":1,"run":"' > "$ANDON_VERDICT"` },
  stale: {
    run: `${work}; printf '{"version":1,"run":"%s","epoch":99,"result":"shipped","summary":"s"}' "$ANDON_RUN" > "$ANDON_VERDICT"`,
  },
  foreign: {
    run: `${work}; printf '{"version":1,"run":"run_0000000000aaaaaaaaaaaaaaaa","epoch":%s,"result":"shipped","summary":"s"}' "$ANDON_EPOCH" > "$ANDON_VERDICT"`,
  },
  linked: {
    run: `${work}; printf '{"version":1,"run":"%s","epoch":%s,"result":"shipped","summary":"s"}' "$ANDON_RUN" "$ANDON_EPOCH" > v.json; ln -s "$PWD/v.json" "$ANDON_VERDICT"`,
  },
  piped: { run: `${work}; mkfifo "$ANDON_VERDICT"` },
  huge: { run: `${work}; truncate -s 1G "$ANDON_VERDICT"` },
  hang: { run: 'trap "" TERM; while :; do sleep 1; done', more: 'maxDuration: 2s, retries: 0' },
  idle: { run: 'sleep 600', more: 'idle: 2s, retries: 0' },
  forker: { run: `setsid sleep ${mark}1 & (setsid nohup sleep ${mark}2 >/dev/null 2>&1 &) ; sleep ${mark}3` },
  flood: {
    run: `head -c 100000000 /dev/zero | tr "\\\\0" x; echo; echo the end; ${work} >/dev/null && ${verdict('shipped')}`,
  },
  spender: {
    run: `echo '{"andon":{"usage":{"tokens":5000,"usd":0.5}}}'; sleep 600`,
    more: 'budget: { tokens: 1000 }, retries: 0',
  },
  looper: {
    run: `while :; do echo '{"andon":{"turn":{"calls":["read a"]}}}'; sleep 0.05; done`,
    more: 'retries: 0',
  },
  looker: {
    run: 'cat /proc/[0-9]*/environ 2>/dev/null | tr "\\\\0" "\\\\n" | grep -c "^ANDON_TOKEN=" ; ls "$HIDDEN" 2>&1 | head -3; echo "token in argv: $(cat /proc/[0-9]*/cmdline 2>/dev/null | tr "\\\\0" "\\\\n" | grep -cF -f "$ANDON_TOKEN_FILE")"',
    more: 'env: { HIDDEN: "@hidden@" }',
  },
  planter: {
    run: `mkdir -p .git/hooks; printf '#!/bin/sh\\ntouch /tmp/andon-planted\\n' > .git/hooks/pre-push; chmod +x .git/hooks/pre-push; git config core.fsmonitor "touch /tmp/andon-planted"; ${verdict('no_progress')}`,
  },
  speaker: {
    run: `andon --version; echo "$ANDON_AGENT $ANDON_TIER $ANDON_ROLE $ANDON_MODEL"; cat "$ANDON_TASK_FILE"; git remote -v; git config --list --show-origin | grep -ci "bearer" ; ${work} >/dev/null && ${verdict('shipped')}`,
    more: 'model: haiku-9',
  },
};
const reviewer = `test "$ANDON_TASK/$ANDON_EPOCH" = t-good/1 && andon verdict approve "$ANDON_CHANGE" --json --note "read it" && printf '{"version":1,"run":"%s","result":"shipped","summary":"approved"}' "$ANDON_RUN" > "$ANDON_VERDICT"`;

function plan(hidden: string): string {
  const profiles = Object.entries(agents).map(([name, { run, more }]) => {
    const rest = more === undefined ? '' : `, ${more.replace('@hidden@', hidden)}`;
    return `  ${name}: { tier: implementer, adapter: command, run: ${JSON.stringify(run)}${rest} }`;
  });
  const tasks = Object.keys(agents).map(
    (name) =>
      `  t-${name}: { title: Do ${name}, phase: build, write: ["src/t-${name}.ts", "src/x.ts", "v.json"] }`,
  );
  const unneeded = tasks.map((task) =>
    task.replace(', "src/x.ts"', task.includes('t-pusher') ? ', "src/x.ts"' : '').replace(', "v.json"', ''),
  );
  return [
    `version: 1`,
    `project: ${project}`,
    'done: landed',
    'lease: 6s',
    'phases: [build]',
    'agents:',
    ...profiles,
    `  reviewer: { tier: validator, adapter: command, run: ${JSON.stringify(reviewer)} }`,
    '  byhand: { tier: implementer }',
    'tasks:',
    ...unneeded,
    '',
  ].join('\n');
}

const cases: Engine[] = ['postgres'];

describe.each(containments)('runs of agents, contained by %s', (containment) => {
  describe.each(cases)('on %s', (engine) => {
    let gateway: TestGateway;
    let runner: TestRunner;
    let source: string;
    const hidden = mkdtempSync(join(tmpdir(), 'andon-hidden-'));
    /** Runs that take seconds to end, begun while others are examined. */
    const early = new Map<string, string>();

    beforeAll(async () => {
      gateway = await startTestGateway(engine);
      source = await sourceRepository({ 'src/a.ts': 'export const a = 1;\n' });
      await gateway.owner.project.create.mutate({ project, source });
      await gateway.owner.plan.put.mutate({ project, text: plan(gateway.folder) });
      runner = await startTestRunner(gateway, project, containment);
      for (const profile of ['hang', 'idle']) early.set(profile, await spawn(profile));
      writeFileSync(join(hidden, 'secret'), 'x');
    });
    afterAll(async () => {
      await runner?.close();
      await gateway?.close();
      rmSync(source, { recursive: true, force: true });
      rmSync(hidden, { recursive: true, force: true });
    });

    const spawn = async (profile: string, more: Record<string, unknown> = {}): Promise<string> =>
      (await gateway.owner.agent.spawn.mutate({ project, profile, task: `t-${profile}`, ...more })).run;
    const runOf = async (profile: string) =>
      endOf(gateway, project, early.get(profile) ?? (await spawn(profile)));
    const task = async (id: string) =>
      (await gateway.owner.task.list.query({ project })).find((one) => one.id === id);

    it('ships what is pushed, submitted and said, and a validator run approves it into main', async () => {
      const run = await runOf('good');
      expect(run).toMatchObject({
        outcome: 'shipped',
        exitCode: 0,
        epoch: 1,
        sandbox: expect.stringMatching(containment === 'bubblewrap' ? /bubblewrap/ : /other-user|none/),
      });
      const [change] = await gateway.owner.change.list.query({ project, task: 't-good' });
      const { run: judge } = await gateway.owner.agent.spawn.mutate({
        project,
        profile: 'reviewer',
        change: change?.id ?? '',
      });
      const judged = await endOf(gateway, project, judge);
      expect(judged.outcome, await outputOf(gateway, project, judge)).toBe('shipped');
      expect(judged.tier).toBe('validator');
      await waitUntil(async () => (await task('t-good'))?.state === 'done');
    });

    it.each([
      ['zero', 'missing_verdict', 'ready'],
      ['quiet', 'missing_verdict', 'gated'],
      ['half', 'missing_verdict', 'ready'],
      ['stale', 'missing_verdict', 'gated'],
      ['foreign', 'missing_verdict', 'gated'],
      ['linked', 'missing_verdict', 'gated'],
      ['piped', 'missing_verdict', 'gated'],
      ['huge', 'missing_verdict', 'gated'],
      ['liar', 'no_progress', 'ready'],
      ['pusher', 'failed_verdict', 'ready'],
      ['crash', 'crashed', 'ready'],
      ['failed', 'failed_verdict', 'ready'],
      ['halt', 'halted', 'ready'],
      ['hang', 'no_progress', 'ready'],
      ['idle', 'no_progress', 'ready'],
      ['spender', 'no_progress', 'ready'],
      ['looper', 'no_progress', 'ready'],
      ['planter', 'no_progress', 'ready'],
    ])('%s ends as %s, and its task is %s', async (profile, outcome, state) => {
      const run = await runOf(profile);
      expect({ outcome: run.outcome, note: run.note }).toMatchObject({ outcome });
      expect((await task(`t-${profile}`))?.state).toBe(state);
    });

    it('never runs what an agent planted in its clone', () => {
      expect(existsSync('/tmp/andon-planted')).toBe(false);
    });

    it('leaves nothing alive of a run that forks, sets sid and is stopped, and its token is dead', async () => {
      const run = await spawn('forker');
      await waitUntil(() => alive(`${mark}2`));
      await gateway.owner.run.stop.mutate({ project, run, why: 'enough' });
      expect(await endOf(gateway, project, run)).toMatchObject({
        outcome: 'cancelled',
        stopWanted: 'human:owner',
      });
      for (const n of [1, 2, 3]) expect(alive(`${mark}${n}`)).toBe(false);
      const { gid } = await gateway.owner.run.show.query({ project, run });
      await waitUntil(async () => {
        const { events } = await gateway.owner.event.list.query({ project, limit: 1000 });
        return events.some(({ type, subject }) => type === 'token.revoked' && subject === `grant/${gid}`);
      });
    });

    it('keeps head and tail of a hundred megabytes, and ships all the same', async () => {
      const run = await spawn('flood');
      expect(await endOf(gateway, project, run, 60_000)).toMatchObject({ outcome: 'shipped' });
      const text = await outputOf(gateway, project, run);
      expect(text.length).toBeLessThan(6_000_000);
      expect(text).toContain('characters left out');
      expect(text).toContain('the end');
    });

    it('tells a run who it is and what it shall do, and puts no token into its clone', async () => {
      const run = await spawn('speaker');
      expect(await endOf(gateway, project, run)).toMatchObject({ outcome: 'shipped', model: 'haiku-9' });
      const text = await outputOf(gateway, project, run);
      expect(text).toMatch(/agent:speaker-\w{6} implementer IMPLEMENTER haiku-9/);
      expect(text).toContain('"title": "Do speaker"');
      expect(text).toContain(`git push origin HEAD:refs/heads/task/t-speaker/1/work`);
      expect(text).not.toMatch(/eyJ[\w-]{20,}\./);
    });

    it('shows a run no token but its own, and nothing of the gateway', async () => {
      const run = await spawn('looker');
      await endOf(gateway, project, run);
      const text = await outputOf(gateway, project, run);
      if (containment === 'bubblewrap') expect(text).toMatch(/^[1-9]\d?\n/);
      expect(text).toContain('token in argv: 0');
      expect(text).not.toContain('db\n');
    });

    it('tries again what crashed, later, as often as the profile says, and then tells the executive', async () => {
      const first = await spawn('retry');
      expect(await endOf(gateway, project, first)).toMatchObject({ outcome: 'crashed', attempt: 1 });
      const again = async () =>
        (await gateway.owner.run.list.query({ project, task: 't-retry' })).runs.find(
          ({ attempt }) => attempt === 2,
        );
      const second = await again();
      expect(second).toMatchObject({ state: 'waiting', profile: 'retry' });
      // A run that ended at once is tried again after half a minute to a minute.
      await shiftClock(gateway.app.gateway.store, 60_000);
      await waitUntil(async () => (await again())?.state === 'ended', 25_000);
      expect((await gateway.owner.run.list.query({ project, task: 't-retry' })).runs).toHaveLength(2);
    });

    it('refuses a profile that nobody can start, an unknown one, and a task in other hands', async () => {
      await expect(gateway.owner.agent.spawn.mutate({ project, profile: 'byhand' })).rejects.toThrow(
        /profile.adapter|how it is started/,
      );
      await expect(gateway.owner.agent.spawn.mutate({ project, profile: 'nobody' })).rejects.toThrow();
      await expect(
        gateway.owner.agent.spawn.mutate({ project, profile: 'good', task: 't-good' }),
      ).rejects.toThrow();
    });
  });
});

/** True when a `sleep` of that many seconds is alive on this machine. */
function alive(seconds: string): boolean {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'latin1').startsWith(`sleep\0${seconds}`);
      } catch {
        return false;
      }
    });
}
