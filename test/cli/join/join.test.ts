import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { answer, type CliOptions, cleanEnvironment, cli } from '../../support/cli.ts';
import { mustGit, write } from '../../support/gateway.ts';
import { type Line, openLine } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';

const plan = `
${planHead()}
tasks:
  cart: { title: Cart, phase: build, write: ["src/cart/**"] }
`;

describe('andon join', () => {
  let line: Line;
  let folder: string;
  let token: string;
  let tokenFile: string;
  let clone: string;
  let options: CliOptions;
  beforeAll(async () => {
    line = await openLine('pglite', { plan });
    folder = mkdtempSync(join(tmpdir(), 'andon-join-'));
    token = (await line.mint('agent:by-hand')).token;
    tokenFile = join(folder, "builder's.token");
    writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 });
  });
  afterAll(async () => {
    await line.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    clone = mkdtempSync(join(folder, 'clone-'));
    await mustGit(clone, ['init', '-q', '-b', 'main']);
    options = { cwd: clone, env: { ...cleanEnvironment(join(folder, 'home')), ANDON_URL: line.url } };
  });
  const joins = (...args: string[]) => cli(['join', '--token-file', tokenFile, ...args], options);
  const status = () => mustGit(clone, ['status', '--porcelain', '--untracked-files=all']);

  it('prints lines for a shell with which git and the tools work, and no token', async () => {
    const { exit, stdout, stderr } = await joins('--client', 'claude');
    expect(exit, stderr).toBe(0);
    for (const part of [...token.split('.').slice(1)])
      expect(stdout + stderr).not.toContain(part.slice(0, 30));
    expect(await status()).toBe('');
    const script = `eval "$1"; test "$ANDON_TOKEN" = "$(cat "$ANDON_TOKEN_FILE")" && git clone -q "$ANDON_URL/git/$ANDON_PROJECT.git" got && cat got/README.md && env | grep -c "^GIT_CONFIG"`;
    const { stdout: out } = await promisify(execFile)('sh', ['-c', script, 'sh', stdout], {
      cwd: clone,
      env: { ...options.env },
    });
    expect(out).toContain('# shop');
    expect(readFileSync(join(clone, 'got/.git/config'), 'utf8')).not.toContain(token.slice(-20));
  });

  it('writes what Claude Code reads, keeps it out of git, and changes nothing the second time', async () => {
    write(clone, { '.mcp.json': '{"mcpServers":{"mine":{"command":"x"}}}', 'CLAUDE.md': 'Ours.\n' });
    const { exit, stderr } = await joins('--client', 'claude', '--write');
    expect([exit, stderr]).toEqual([
      0,
      expect.stringContaining(
        '.mcp.json, .claude/skills/andon/SKILL.md, .claude/settings.local.json, CLAUDE.md',
      ),
    ]);
    const servers = JSON.parse(readFileSync(join(clone, '.mcp.json'), 'utf8')).mcpServers;
    expect(servers.mine).toEqual({ command: 'x' });
    expect(servers.andon).toEqual({
      type: 'http',
      url: `${line.url}/mcp`,
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Claude Code expands it
      headers: { Authorization: 'Bearer ${ANDON_TOKEN}', 'X-Andon-Clone': clone },
    });
    expect(readFileSync(join(clone, 'CLAUDE.md'), 'utf8')).toMatch(
      /^Ours\.\n\n<!-- andon:begin -->\nThis repository is under Andon \(project `shop`/,
    );
    const { hooks } = JSON.parse(readFileSync(join(clone, '.claude/settings.local.json'), 'utf8'));
    expect(hooks.SessionStart[0].matcher).toBe('startup|resume|clear|compact');
    expect(await status()).toBe('');
    expect((await joins('--client', 'claude', '--write')).stderr).toContain('nothing to write');
    const all = ['.mcp.json', 'CLAUDE.md', '.claude/skills/andon/SKILL.md', '.git/info/exclude'];
    for (const path of all) expect(readFileSync(join(clone, path), 'utf8')).not.toContain(token.slice(-20));
  });

  it('writes what Codex reads', async () => {
    expect((await joins('--client', 'codex', '--write')).exit).toBe(0);
    expect(readFileSync(join(clone, '.codex/config.toml'), 'utf8')).toContain(
      'bearer_token_env_var = "ANDON_TOKEN"',
    );
    expect(readFileSync(join(clone, 'AGENTS.md'), 'utf8')).toContain('task_claim');
    expect((await joins('--client', 'codex', '--write', '--stdio')).exit).toBe(0);
    const config = readFileSync(join(clone, '.codex/config.toml'), 'utf8');
    expect(config.match(/\[mcp_servers\.andon\]/g)).toHaveLength(1);
    expect(config).toContain('args = ["mcp"]');
  });

  it('leaves a file that git tracks as it is, and writes none of the others', async () => {
    write(clone, { 'AGENTS.md': 'Ours.\n' });
    await mustGit(clone, ['add', '-A']);
    await mustGit(clone, ['commit', '-q', '-m', 'first']);
    const { exit, stderr } = await joins('--client', 'codex', '--write');
    expect([exit, stderr]).toEqual([2, expect.stringContaining('a file that git tracks')]);
    expect(await status()).toBe('');
    expect((await joins('--client', 'codex', '--write', '--tracked')).exit).toBe(0);
    expect(await status()).toBe('M AGENTS.md');
  });

  it('does not write through a link that the repository holds', async () => {
    const victim = join(folder, 'victim');
    writeFileSync(victim, 'mine');
    symlinkSync(victim, join(clone, '.mcp.json'));
    expect((await joins('--client', 'claude', '--write')).exit).toBe(2);
    rmSync(join(clone, '.mcp.json'));
    mkdirSync(join(folder, 'elsewhere'));
    symlinkSync(join(folder, 'elsewhere'), join(clone, '.claude'));
    expect((await joins('--client', 'claude', '--write')).exit).toBe(2);
    expect(readFileSync(victim, 'utf8')).toBe('mine');
  });

  it('prints a template without a gateway, and says which there are', async () => {
    const alone = { cwd: folder, env: cleanEnvironment(join(folder, 'home')) };
    expect((await cli(['join', '--template', 'basic-jit'], alone)).stdout).toContain('# Basic JIT');
    expect(await cli(['join', '--template', 'nothing'], alone)).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('advanced-pull'),
    });
  });

  it('refuses with a token that is none', async () => {
    writeFileSync(join(folder, 'bad'), `${token.slice(0, -40)}${'A'.repeat(40)}`);
    expect((await cli(['join', '--token-file', join(folder, 'bad')], options)).exit).toBe(4);
    const data = await answer<{ files: { path: string }[]; written?: string[] }>(
      ['join', '--token-file', tokenFile],
      options,
    );
    expect(data.files.map(({ path }) => path)).toEqual(['AGENTS.md']);
    expect(data.written).toBeUndefined();
  });
});
