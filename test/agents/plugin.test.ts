import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { install } from './packages.ts';

// The last version whose validator runs on Node 20; the package's own installer fetches the binary for this machine.
const claude = await install('claude-validator', '@anthropic-ai/claude-code@2.1.197');

describe.skipIf(claude.kind === 'missing')('the plugin for Claude Code', () => {
  it('is valid by Claude Code’s own validator, warnings counted as errors', async () => {
    const at = claude.kind === 'installed' ? claude.at : '';
    const home = join(at, 'home');
    mkdirSync(home, { recursive: true });
    const env = {
      PATH: process.env.PATH ?? '',
      HOME: home,
      CLAUDE_CONFIG_DIR: home,
      DISABLE_AUTOUPDATER: '1',
    };
    const exec = promisify(execFile);
    const folder = join(at, 'node_modules/@anthropic-ai/claude-code');
    await exec(process.execPath, ['install.cjs'], { cwd: folder, env });
    const args = ['plugin', 'validate', '--strict', resolve(import.meta.dirname, '../../plugin')];
    const { stdout } = await exec(join(at, 'node_modules/.bin/claude'), args, { cwd: at, env });
    expect(stdout).toContain('Validation passed');
  });
});
