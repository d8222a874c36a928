import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanEnvironment, cli, up } from '../support/cli.ts';
import { mustGit, sourceRepository } from '../support/gateway.ts';

describe('the first start in a repository', () => {
  let folder: string;
  let env: Record<string, string>;
  const repositories: string[] = [];
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'andon-adopt-'));
    env = cleanEnvironment(join(folder, 'home'));
  });
  afterAll(() => {
    for (const one of [folder, ...repositories]) rmSync(one, { recursive: true, force: true });
  });
  const repository = async (): Promise<string> => {
    const made = await sourceRepository({ 'README.md': '# shop\n' });
    repositories.push(made);
    return made;
  };
  const adoption = async (cwd: string, ...args: string[]): Promise<string> => {
    const gateway = await up({ cwd, env }, '--no-runner', '--project', 'shop', ...args);
    await gateway.end();
    return gateway.said();
  };

  it('adopts the branch of a linked worktree, or the one that is named', async () => {
    const main = await repository();
    await mustGit(main, ['branch', 'other']);
    const linked = join(folder, 'linked');
    await mustGit(main, ['worktree', 'add', '-q', linked, '-b', 'feat']);
    await mustGit(main, ['checkout', '-q', '--detach']);
    expect(await adoption(linked)).toContain('adopted feat at');
    const second = join(folder, 'second');
    await mustGit(main, ['worktree', 'add', '-q', second, '-b', 'more']);
    expect(await adoption(second, '--branch', 'other')).toContain('adopted other at');
  });

  it('says that submodules and files of Git LFS are left out', async () => {
    const shop = await repository();
    const head = await mustGit(shop, ['rev-parse', 'HEAD']);
    writeFileSync(join(shop, '.gitattributes'), '*.bin filter=lfs diff=lfs merge=lfs -text\n');
    await mustGit(shop, ['add', '.gitattributes']);
    await mustGit(shop, ['update-index', '--add', '--cacheinfo', `160000,${head},vendor/lib`]);
    await mustGit(shop, ['commit', '-q', '-m', 'more']);
    const said = await adoption(shop);
    expect(said).toMatch(/submodules are not served: vendor\/lib/);
    expect(said).toMatch(/Git LFS/);
    expect(await adoption(await repository())).not.toMatch(/submodules|LFS/);
  });

  it('says that the plan of the folder differs, when it changes a gate alone', async () => {
    const shop = await repository();
    const plan = `version: 1\nproject: shop\ndone: landed\nphases: [build]\ngates: { look: { by: human } }\n`;
    writeFileSync(join(shop, 'andon.yaml'), plan);
    expect(await adoption(shop)).toContain('applied andon.yaml');
    expect(await adoption(shop)).not.toContain('andon.yaml differs');
    writeFileSync(join(shop, 'andon.yaml'), plan.replace('human', 'validator'));
    expect(await adoption(shop)).toContain(
      'andon.yaml differs from the applied plan: andon plan diff, andon plan apply',
    );
  });

  it('means the repository where a person stands, wherever GIT_DIR of the surroundings points', async () => {
    const [shop, decoy] = [await repository(), await repository()];
    const before = readFileSync(join(decoy, '.git/info/exclude'), 'utf8');
    const misled = { ...env, GIT_DIR: join(decoy, '.git'), GIT_INDEX_FILE: join(decoy, '.git/index') };
    const { exit, stdout } = await cli(['init', '--project', 'shop'], { cwd: shop, env: misled });
    expect([exit, stdout]).toEqual([0, 'wrote andon.yaml\nadded .andon/ to .git/info/exclude\n']);
    expect(readFileSync(join(shop, '.git/info/exclude'), 'utf8')).toContain('/.andon/');
    expect(readFileSync(join(decoy, '.git/info/exclude'), 'utf8')).toBe(before);
    expect(readdirSync(decoy)).not.toContain('andon.yaml');
  });
});
