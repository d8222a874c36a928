import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installedAt } from '../../src/runner/adapters/claude.ts';
import { nativeCodex } from '../../src/runner/adapters/native.ts';
import type { Shown, Turn } from '../support/model-server.ts';
import { openRealAgents, project, type RealAgents } from '../support/real-agents.ts';
import { containments } from '../support/runner.ts';
import { codexNative, codexProgram } from './programs.ts';
import { exec, pushed, submit, tool, verdict, work } from './scripts.ts';

describe.skipIf(codexProgram === undefined).each(containments)('Codex, contained by %s', (containment) => {
  let line: RealAgents;
  beforeAll(async () => {
    line = await openRealAgents({
      ...{ adapter: 'codex', program: codexProgram ?? '', containment },
      tasks: ['ship'],
    });
  });
  afterAll(() => line?.close());

  it('is shown why a push to main is refused, pushes its own branch, submits by tool and ships', async () => {
    const ended = await line.play('ship', [
      tool('mcp__andon.task_show', { task: 'ship' }),
      exec(
        'mkdir -p src/ship && echo "export const n = 1;" > src/ship/a.ts && git add -A && git commit -qm work',
      ),
      exec('git push origin HEAD:main'),
      exec(`${pushed('ship')} && git rev-parse HEAD`),
      submit('mcp__andon.change_submit', 'ship'),
      exec(verdict('shipped')),
    ]);
    const results = line.model.of('ship').map((asked) => asked.results.join('\n'));
    expect(results[1]).toContain('"title":"Do ship"');
    expect(results[3]).toContain('remote: andon: refused main (1 reason)');
    expect(results[5]).toContain('"change":"chg_');
    expect({ outcome: ended.outcome, note: ended.note }).toEqual({ outcome: 'shipped', note: 'shipped it' });
    expect(ended.sandbox).toMatch(containment === 'bubblewrap' ? /bubblewrap/ : /other-user|none/);
    expect((await line.task('ship'))?.state).toBe('gated');
    const sent = line.model.of('ship').reduce((sum, { usage }) => sum + usage.input + usage.output, 0);
    expect(ended.usage.tokens).toBe(sent);
  });
});

const tasks = ['revoked', 'no-mcp', 'liar', 'same', 'spender', 'endless', 'long-prompt', 'leak', 'denied'];
const profiles = {
  spender: 'retries: 0, budget: { tokens: 2000, beforeFirstCommit: 50% }',
  timed: 'retries: 0, maxDuration: 8s, flatTurns: 0',
};
const [contained] = containments;

describe.skipIf(codexProgram === undefined)(`Codex when things go wrong, contained by ${contained}`, () => {
  let line: RealAgents;
  beforeAll(async () => {
    line = await openRealAgents({
      ...{ adapter: 'codex', program: codexProgram ?? '', containment: contained, tasks, profiles },
      lease: '30s',
    });
  });
  afterAll(() => line?.close());
  const results = (script: string) => line.model.of(script).map((asked) => asked.results.join('\n'));

  it('is started without the shim of its package', () => {
    expect(nativeCodex(codexProgram ?? '')).toBe(codexNative());
    expect(nativeCodex('/bin/sh')).toBe('/bin/sh');
    expect(installedAt(codexNative()).length).toBe(2);
  });

  it('ends a run whose grant is revoked while it works', async () => {
    const ended = await line.play('revoked', [
      async (): Promise<Turn> => {
        const { runs } = await line.gateway.owner.run.list.query({ project, task: 'revoked' });
        const { gid } = await line.gateway.owner.run.show.query({ project, run: runs[0]?.id ?? '' });
        await line.gateway.owner.token.revoke.mutate({ project, kind: 'grant', value: gid, why: 'stolen' });
        return exec(`${work('revoked')}; sleep 60`);
      },
    ]);
    expect(ended.outcome).toBe('cancelled');
    expect(ended.note).toContain('its grant was revoked');
  });

  it('does not begin without the tools of the gateway', async () => {
    line.relay.fate = (path) => (path === '/mcp' ? 500 : 'pass');
    try {
      const ended = await line.play('no-mcp', [exec(work('no-mcp')), exec(verdict('shipped'))]);
      expect(ended.outcome).toBe('crashed');
      expect(line.model.of('no-mcp')).toEqual([]);
    } finally {
      line.relay.fate = () => 'pass';
    }
  });

  it('does not believe a verdict of success with nothing behind it', async () => {
    const ended = await line.play('liar', [exec(verdict('shipped'))]);
    expect(ended).toMatchObject({ outcome: 'no_progress', exitCode: 0 });
  });

  it('counts an exit status of 0 with every push refused as no success', async () => {
    const ended = await line.play('denied', [
      exec(
        'git commit -q --allow-empty -m x; git push origin HEAD:main; git push origin HEAD:task/other/1/work',
      ),
      { text: 'All done, everything works.' },
    ]);
    expect(results('denied')[1]).toMatch(/refused main.*refused task\/other/s);
    expect(ended).toMatchObject({ outcome: 'missing_verdict', exitCode: 0 });
  });

  it('ends a run that calls the same again and again as no progress', async () => {
    const ended = await line.play('same', () => exec('ls'));
    expect(ended.outcome).toBe('no_progress');
    expect(ended.note).toContain('called nothing new');
  });

  it('counts tokens while it works, and ends a run over its budget before the first progress', async () => {
    const spend = ({ turn }: Shown): Turn => ({
      ...exec(`echo ${turn}; sleep 0.3`),
      usage: { input: 200, output: 100 },
    });
    const ended = await line.play('spender', spend, { profile: 'spender' });
    expect(ended.outcome).toBe('no_progress');
    expect(ended.note).toMatch(/tokens, limit 1000 before the first progress/);
  });

  it('ends a run that goes on without end when its time is up', async () => {
    const loop = ({ turn }: Shown): Turn => exec(turn === 0 ? work('endless') : `echo ${turn}; sleep 0.5`);
    expect((await line.play('endless', loop, { profile: 'timed' })).outcome).toBe('timed_out');
  });

  it('takes a prompt of 100 kB', async () => {
    const long = 'x'.repeat(100_000);
    const ended = await line.play('long-prompt', [exec(verdict('failed'))], { longPrompt: long });
    expect(ended.outcome).toBe('failed_verdict');
    expect(line.model.of('long-prompt')[0]?.prompt).toContain(long);
  });

  it('stores no token and no key that a run prints', async () => {
    const ended = await line.play('leak', [exec('env'), exec(verdict('failed'))]);
    expect(results('leak')[1]).toMatch(/ANDON_TOKEN=eyJ/);
    expect(ended.printed).toContain('ANDON_TOKEN=[secret]');
    expect(ended.printed).not.toMatch(/eyJ[\w-]{20,}\.eyJ/);
    expect(ended.printed).not.toContain('dummy-key-of-the-model');
  });
});
