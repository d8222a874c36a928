import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, type CliOptions, cleanEnvironment, cli, type Up, up } from '../support/cli.ts';
import { write } from '../support/gateway.ts';
import { waitUntil } from '../support/wait.ts';

const exec = promisify(execFile);

/** A user with nothing but Node and git: the tarball in an empty folder, a repository of their own, an empty HOME. */
describe('the package, as npm pack makes it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-packed-'));
  const installed = join(folder, 'installed');
  const shop = join(folder, 'shop');
  const clone = join(folder, 'clone');
  const tokens = join(folder, 'tokens');
  const env = cleanEnvironment(join(folder, 'home'));
  const command = [process.execPath, join(installed, 'node_modules/andon/dist/cli/main.js')];
  const owner: CliOptions = { cwd: shop, env, command };
  let gateway: Up;

  const git = async (cwd: string, ...args: string[]): Promise<string> =>
    (await exec('git', args, { cwd, env })).stdout.trim();
  const as = (who: string, cwd = clone): CliOptions => ({
    cwd,
    command,
    env: { ...env, ANDON_URL: gateway.ready.url, ANDON_TOKEN_FILE: join(tokens, who) },
  });

  beforeAll(async () => {
    await exec('npm', ['pack', '--pack-destination', folder], { cwd: resolve(import.meta.dirname, '../..') });
    const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '';
    mkdirSync(installed);
    writeFileSync(join(installed, 'package.json'), '{ "private": true }');
    const install = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts'];
    await exec('npm', [...install, join(folder, tarball)], { cwd: installed });
    write(shop, { 'README.md': '# shop\n' });
    await git(shop, 'init', '-q', '-b', 'main');
    await git(shop, 'add', '-A');
    await git(shop, 'commit', '-q', '-m', 'first');
  });
  afterAll(async () => {
    await gateway?.end();
    rmSync(folder, { recursive: true, force: true });
  });

  it('holds the program and the schema, and no source or test', () => {
    const names = readdirSync(join(installed, 'node_modules/andon'));
    expect(names.sort()).toEqual(
      [
        ...['ARCHITECTURE.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'LICENSE', 'README.md', 'SECURITY.md'],
        ...['andon.schema.json', 'deploy', 'dist', 'docs', 'examples'],
        ...['node_modules', 'package.json', 'plugin', 'templates'],
      ].sort(),
    );
  });

  it('holds every page that its README links to', () => {
    const inside = (path: string): string => join(installed, 'node_modules/andon', path);
    const links = readFileSync(inside('README.md'), 'utf8').matchAll(/\]\((?![a-z]+:)([^)#\s]+)/g);
    const linked = [...links].map(([, to = '']) => to);
    expect(linked.length).toBeGreaterThan(15);
    expect(linked.filter((to) => !existsSync(inside(to)))).toEqual([]);
  });

  it('brings no TypeScript, which nothing of it loads, and what asks for one', () => {
    const folders = readdirSync(join(installed, 'node_modules'), { recursive: true, encoding: 'utf8' });
    expect(folders.filter((name) => /(?:^|[/])@?typescript$/.test(name))).toEqual([]);
    const bundled = readdirSync(join(installed, 'node_modules/andon/node_modules/@trpc')).sort();
    expect(bundled).toEqual(['client', 'server']);
  });

  it('adopts a repository and starts', async () => {
    expect((await cli(['init'], owner)).exit).toBe(0);
    gateway = await up(owner);
    expect(gateway.ready.project).toBe('shop');
    expect(gateway.ready.git).toBe(`${gateway.ready.url}/git/shop.git`);
    expect(statSync(gateway.ready.tokenFile).mode & 0o777).toBe(0o600);
    expect(await git(shop, 'status', '--short')).toBe('?? andon.yaml');
  });

  it('mints tokens into files of their owner, and prints none of them', async () => {
    for (const profile of ['builder', 'reviewer']) {
      const out = join(tokens, profile);
      const minted = await cli(
        ['token', 'mint', '--agent', `agent:${profile}`, '--profile', profile, '--out', out],
        owner,
      );
      expect(minted).toMatchObject({ exit: 0, stdout: `${out}\n` });
      expect(minted.stderr).not.toContain('eyJ');
      expect(statSync(out).mode & 0o777).toBe(0o600);
    }
  });

  it('walks a task to main', async () => {
    const claimed = await answer<{ branch: string }>(['task', 'claim'], as('builder', folder));
    expect(claimed.branch).toBe('task/first-note/1/work');
    const cloned = await cli(['git', 'clone', '-q', gateway.ready.git, clone], as('builder', folder));
    expect(cloned.exit, cloned.stderr).toBe(0);
    write(clone, { 'docs/note.md': 'A shop.\n', 'README.md': '# my shop\n' });
    await git(clone, 'add', '-A');
    await git(clone, 'commit', '-q', '-m', 'A note, and more');
    const push = ['git', 'push', 'origin', `HEAD:${claimed.branch}`];
    const refused = await cli(push, as('builder'));
    expect(refused.exit).toBe(1);
    expect(refused.stderr).toMatch(/remote: +scope\.write +README\.md +outside docs\/\*\*/);
    await git(clone, 'checkout', '-q', 'HEAD~1', '--', 'README.md');
    await git(clone, 'commit', '-q', '--amend', '-m', 'A note');
    expect((await cli(push, as('builder'))).exit).toBe(0);
    const { change } = await answer<{ change: string }>(['change', 'submit'], as('builder'));
    const state = async (): Promise<string> =>
      (await answer<{ state: string }>(['change', 'show', change], owner)).state;
    await waitUntil(async () => (await state()) === 'judging');
    expect((await cli(['verdict', 'approve', change], as('builder'))).exit).toBe(4);
    expect((await cli(['verdict', 'approve', change, '--note', 'read it'], as('reviewer'))).exit).toBe(0);
    await waitUntil(async () => (await state()) === 'landed');
    const pulled = await cli(['git', 'pull', '-q', '--ff-only', gateway.ready.git, 'main'], owner);
    expect(pulled.exit, pulled.stderr).toBe(0);
    expect(await git(shop, 'show', 'HEAD:docs/note.md')).toBe('A shop.');
    expect((await cli(['task', 'next'], owner)).exit).toBe(8);
    expect((await cli(['audit', 'verify'], owner)).exit).toBe(0);
  });

  it('ends with 0 on SIGTERM, and is gone for the commands after it', async () => {
    expect(await gateway.end('SIGTERM')).toBe(0);
    expect((await cli(['status'], owner)).exit).toBe(9);
  });
});
