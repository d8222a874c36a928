import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtMain, cleanEnvironment, cli } from '../support/cli.ts';
import { type Line, openLine } from '../support/line.ts';
import { type ModelServer, startModelServer } from '../support/model-server.ts';
import { planHead } from '../support/plan-head.ts';
import { claudeProgram } from './programs.ts';

const project = 'shop';
const plan = `
${planHead()}
tasks:
  cart: { title: Cart, phase: build, write: ["src/cart/**"] }
`;

describe.skipIf(claudeProgram === undefined)('Claude Code that somebody starts by hand', () => {
  let line: Line;
  let model: ModelServer;
  const folder = mkdtempSync(join(tmpdir(), 'andon-session-'));
  beforeAll(async () => {
    line = await openLine('pglite', { plan });
    model = await startModelServer();
  });
  afterAll(async () => {
    await model.close();
    await line.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is briefed by the hook of its session’s start, which andon join installs, and again when it resumes', async () => {
    const one = await line.mint('agent:by-hand');
    const claimed = await one.client.task.claim.mutate({ project, task: 'cart' });
    const said = { done: ['quic_init()'], next: ['quic_connect()'] };
    const epoch = claimed.task?.epoch ?? 0;
    await one.client.agent.update.mutate({ project, currentTask: 'cart', epoch, ...said });

    const bin = join(folder, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'andon'), `#!/bin/sh\nexec "${process.execPath}" "${builtMain()}" "$@"\n`);
    chmodSync(join(bin, 'andon'), 0o755);
    const tokenFile = join(folder, 'one.token');
    writeFileSync(tokenFile, `${one.token}\n`, { mode: 0o600 });
    const clean = cleanEnvironment(join(folder, 'home'));
    const env = {
      ...{
        ...clean,
        PATH: `${bin}:${clean.PATH}`,
        ANDON_URL: line.url,
        ANDON_PROJECT: project,
        ANDON_TOKEN_FILE: tokenFile,
      },
      ...{
        CLAUDE_CONFIG_DIR: join(folder, 'claude'),
        ANTHROPIC_BASE_URL: model.url,
        ANTHROPIC_API_KEY: 'dummy',
      },
      ...{
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
        DISABLE_TELEMETRY: '1',
        DISABLE_AUTOUPDATER: '1',
        DISABLE_ERROR_REPORTING: '1',
      },
    };
    const work = join(folder, 'work');
    mkdirSync(work);
    const joined = await cli(['join', '--client', 'claude', '--write'], { cwd: work, env });
    expect(joined.exit, joined.stderr).toBe(0);

    model.play('hand', [{ text: 'Starting.' }, { text: 'Going on.' }]);
    const claude = (...args: string[]) =>
      cli(['-p', '--model', 'sonnet', ...args], { cwd: work, env, command: [claudeProgram ?? ''] });
    const first = await claude('script:hand begin');
    expect(first.exit, first.stdout + first.stderr).toBe(0);
    expect(first.stdout).toContain('Starting.');
    const shown = model.of('hand').at(-1)?.text ?? '';
    expect(shown).toContain('Resuming cart.');
    expect(shown).toContain('quic_init()');
    expect(shown).toContain('quic_connect()');

    const before = model.asked.length;
    await one.client.agent.update.mutate({
      project,
      currentTask: 'cart',
      epoch,
      done: ['quic_connect()'],
      next: ['quic_close()'],
    });
    const again = await claude('--continue', 'script:hand go on');
    expect(again.exit, again.stdout + again.stderr).toBe(0);
    const asked = model.asked
      .slice(before)
      .map(({ text }) => text)
      .join('\n');
    expect(asked).toContain('quic_close()');
  });
});
