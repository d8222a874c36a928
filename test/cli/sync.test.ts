import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answer, type CliOptions, cleanEnvironment, cli, type Up, up } from '../support/cli.ts';
import { mustGit, write } from '../support/gateway.ts';

describe('andon sync', () => {
  let folder: string;
  let checkout: CliOptions;
  let gateway: Up;
  const upstream = (): string => join(folder, 'upstream');

  const commit = async (name: string): Promise<string> => {
    write(upstream(), { [name]: name });
    await mustGit(upstream(), ['add', '-A']);
    await mustGit(upstream(), ['commit', '-q', '-m', name]);
    return mustGit(upstream(), ['rev-parse', 'HEAD']);
  };

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'andon-sync-'));
    await mustGit(folder, ['init', '-q', '-b', 'main', 'upstream']);
    await commit('first');
    await mustGit(folder, ['clone', '-q', 'upstream', 'mine']);
    checkout = { cwd: join(folder, 'mine'), env: cleanEnvironment(join(folder, 'home')) };
    // A relative path is resolved as git resolves it, from the person's working directory.
    const { exit, stderr } = await cli(['init', '--project', 'shop', '--upstream', '../upstream'], checkout);
    if (exit !== 0) throw new Error(stderr);
    gateway = await up(checkout, '--port', '0');
  });
  afterAll(async () => {
    await gateway.end();
    rmSync(folder, { recursive: true, force: true });
  });

  it('takes what the upstream has, and says when there is nothing new', async () => {
    const theirs = await commit('second');
    expect(await answer(['sync'], checkout)).toMatchObject({ kind: 'forwarded', main: theirs });
    expect(await answer(['sync'], checkout)).toMatchObject({ kind: 'same', main: theirs });
    expect(await mustGit(join(folder, 'mine/.andon/repos/shop.git'), ['rev-parse', 'main'])).toBe(theirs);
  });

  it('ends with the status of a conflict on a divergence, and the log has it', async () => {
    await mustGit(upstream(), ['reset', '-q', '--hard', 'HEAD~1']);
    await commit('other');
    const { exit, stderr } = await cli(['sync'], checkout);
    expect([exit, stderr.includes('fast-forward only')]).toEqual([6, true]);
    const { stdout } = await cli(['event', 'list', '--json'], checkout);
    expect(stdout).toContain('sync.diverged');
  });
});
