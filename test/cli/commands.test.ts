import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import { completionScript } from '../../src/cli/completion.ts';
import { createProgram } from '../../src/cli/program.ts';
import type { World } from '../../src/cli/world.ts';
import { exitCodes } from '../../src/lib/code-row.ts';
import { planJsonSchema } from '../../src/plan/plan.ts';
import { builtMain, cli } from '../support/cli.ts';

const unused = () => {
  throw new Error('no command runs here');
};
const world: World = {
  root: { startApp: unused, createLog: unused, configure: unused, stateFolderOf: unused },
  env: {},
  cwd: '/',
  stdout: process.stdout,
  stderr: process.stderr,
  args: [],
  launch: [],
};
const program = createProgram(world, '0.0.0');

const leaves = (command: Command, chain: readonly string[] = []): (readonly [string, Command])[] =>
  command.commands.length === 0
    ? [[chain.join(' '), command]]
    : command.commands.flatMap((child) => leaves(child, [...chain, child.name()]));
const commands = leaves(program);

describe('the commands', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-commands-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are made alone when the first argument names one', () => {
    for (const name of program.commands.map((one) => one.name())) {
      const alone = createProgram({ ...world, args: [name, '--help'] }, '0.0.0');
      expect(alone.commands.map((one) => one.name())).toEqual([name]);
    }
    for (const args of [['--json', 'task'], ['help', 'task'], ['tasks'], ['constructor']])
      expect(createProgram({ ...world, args }, '0.0.0').commands.length).toBe(program.commands.length);
  });

  it('are these', () => {
    expect(program.commands.map((one) => one.name())).toEqual([
      ...[
        'init',
        'up',
        'open',
        'status',
        'sample',
        'check',
        'continue',
        'checkpoint',
        'project',
        'plan',
        'phase',
        'task',
        'token',
        'change',
      ],
      ...[
        'gate',
        'verdict',
        'queue',
        'why',
        'event',
        'audit',
        'decision',
        'solution',
        'record',
        'report',
        'agent',
        'run',
        'runner',
        'trigger',
        'git',
        'sync',
        'backup',
        'restore',
        'doctor',
      ],
      ...['schema', 'join', 'mcp', 'cord', 'inbox', 'completion'],
    ]);
  });

  it.each(commands)('andon %s takes --json and tells what it does', (_name, command) => {
    expect(command.options.map(({ long }) => long)).toContain('--json');
    expect(command.summary()).not.toBe('');
    const help = command.helpInformation();
    expect(help).toContain('Usage:');
    expect(help).toMatch(/^[A-Z]/m);
  });

  it('end with the statuses that programs rely on', () => {
    expect(exitCodes).toEqual({
      ok: 0,
      failed: 1,
      usage: 2,
      cancelled: 3,
      refused: 4,
      notFound: 5,
      conflict: 6,
      stopped: 7,
      nothing: 8,
      unreachable: 9,
    });
  });

  it.each([
    [['nonsense'], 2],
    [['task', 'list', '--nonsense'], 2],
    [['report', 'write', 'poem', '--title', 'x'], 2],
    [['task', 'claim', '--timeout', 'soon'], 2],
    [['plan', 'check', 'none.yaml'], 2],
    [['check', 'none.ts'], 2],
    [['task', 'list'], 9],
    [['event', 'follow', '--url', 'http://127.0.0.1:9', '--token-file', 'token', '--project', 'p'], 9],
    [['status', '--url', 'no-url'], 2],
    [['status', '--url', 'http://127.0.0.1:9', '--project', 'p', '--token-file', 'none'], 2],
    [['restore', 'none'], 2],
    [['audit', 'verify', '--file', 'none'], 2],
  ])('answer %j with status %i, and with --json the reasons as data', async (args, exit) => {
    writeFileSync(join(folder, 'token'), 'x');
    const ended = await cli([...args, '--json'], { cwd: folder });
    expect(ended.exit, ended.stderr).toBe(exit);
    const { error } = JSON.parse(ended.stdout) as { error: { exit: number; reasons: { next: string }[] } };
    expect(error.exit).toBe(exit);
    expect(error.reasons[0]?.next).not.toBe('');
  });

  it('prints data on stdout and talk on stderr, and less with --quiet', async () => {
    const loud = await cli(['task', 'list'], { cwd: folder });
    expect(loud.stdout).toBe('');
    expect(loud.stderr).toContain('gateway.unreachable');
    expect((await cli(['task', 'list', '--quiet'], { cwd: folder })).stderr).toBe('');
  });

  it('colours only where it is wanted', async () => {
    const told = async (env: Record<string, string>, ...flags: string[]) =>
      (await cli(['task', 'list', ...flags], { cwd: folder, env })).stderr.includes('\u001b[');
    expect(await told({})).toBe(false);
    expect(await told({ FORCE_COLOR: '1' })).toBe(true);
    expect(await told({ FORCE_COLOR: '1', NO_COLOR: '1' })).toBe(false);
    expect(await told({ FORCE_COLOR: '1' }, '--no-color')).toBe(false);
  });
});

describe('completion', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-completion-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('is a script that bash can read, and knows every command', () => {
    const script = completionScript('bash', program);
    execFileSync('bash', ['-n'], { input: script });
    for (const [chain] of commands) expect(script).toContain(`'${chain}'`);
  });

  it('offers the commands of a group in bash', () => {
    const script = `${completionScript('bash', program)}
COMP_WORDS=(andon task cl); COMP_CWORD=2; _andon; echo "\${COMPREPLY[@]}"`;
    expect(execFileSync('bash', { input: script }).toString()).toBe('claim\n');
  });

  const shells = ['zsh', 'fish'] as const;
  it.each(shells)('names every command for %s', (shell) => {
    const script = completionScript(shell, program);
    for (const [chain] of commands) expect(script).toContain(chain.split(' ').at(-1) ?? chain);
  });

  it.for(shells)('is a script that %s can read', (shell, { skip }) => {
    if (spawnSync(shell, ['-c', 'true']).status !== 0) {
      console.warn(`SKIPPED: ${shell} is not installed, its completion was not read by it`);
      skip();
    }
    const file = join(folder, `andon.${shell}`);
    writeFileSync(file, completionScript(shell, program));
    const { status, stderr } = spawnSync(shell, ['-n', file], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, '']);
  });

  it('offers the commands of a group, and what they are, in fish', ({ skip }) => {
    if (spawnSync('fish', ['-c', 'true']).status !== 0) skip();
    const asked = `source ${join(folder, 'andon.fish')}; complete -C 'andon task cl'`;
    writeFileSync(join(folder, 'andon.fish'), completionScript('fish', program));
    const { stdout } = spawnSync('fish', ['--no-config', '-c', asked], { encoding: 'utf8' });
    expect(stdout).toMatch(/^claim\ttake the most urgent task/m);
  });
});

describe('the JSON Schema of andon.yaml', () => {
  const file = readFileSync(resolve(import.meta.dirname, '../../andon.schema.json'), 'utf8');

  it('lies in the repository as andon schema prints it', async () => {
    expect(file).toBe(`${JSON.stringify(planJsonSchema(), undefined, 2)}\n`);
    expect((await cli(['schema'], {})).stdout).toBe(file);
    expect(builtMain()).toContain('main.js');
  });
});
