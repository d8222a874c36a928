import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginesOf } from '../../support/engines.ts';
import { git, mustGit, write } from '../../support/gateway.ts';
import { type Hand, type Line, openLine } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';

const project = 'shop';
const plan = `
${planHead({ project })}
tasks:
  cart: { title: Cart, phase: build, write: ["cart/**"] }
`;

describe.each(enginesOf(import.meta.filename))('a push to no branch of a task, on %s', (engine) => {
  let line: Line;
  let builder: Hand;
  let folder: string;
  let clone: string;
  beforeAll(async () => {
    line = await openLine(engine, { plan });
    builder = await line.mint('agent:builder');
    folder = mkdtempSync(join(tmpdir(), 'andon-elsewhere-'));
    await mustGit(folder, ['clone', '-q', `${line.url}/git/${project}.git`, 'clone'], auth());
    clone = join(folder, 'clone');
    write(clone, { 'cart/a.md': 'a\n' });
    await mustGit(clone, ['add', '-A']);
    await mustGit(clone, ['commit', '-q', '-m', 'cart']);
  });
  afterAll(async () => {
    await line.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const auth = () => ({ url: line.url, token: builder.token });
  const pushMain = async (): Promise<string> => {
    const { code, err } = await git(clone, ['push', 'origin', 'HEAD:refs/heads/main'], auth());
    expect(code).not.toBe(0);
    return err;
  };

  it('has one reason, which sends to a claim whoever holds no task', async () => {
    const told = await pushMain();
    expect(told).toContain('(1 reason)');
    expect(told).toContain('claim a task first: andon task claim');
  });

  it('names the branch that the pusher holds, by a command that works in a detached HEAD', async () => {
    await builder.client.task.claim.mutate({ project, task: 'cart' });
    const told = await pushMain();
    expect(told).toContain('(1 reason)');
    const [, next = ''] = /next: git (push origin HEAD:\S+)\s/.exec(told) ?? [];
    expect(next).toBe('push origin HEAD:refs/heads/task/cart/1/work');
    await mustGit(clone, ['checkout', '-q', '--detach']);
    await mustGit(clone, next.split(' '), auth());
  });

  const branch = 'refs/heads/task/cart/1/work';
  const refusedPush = async (...args: string[]): Promise<string> => {
    const { code, err } = await git(clone, args, auth());
    expect(code).not.toBe(0);
    return err.replaceAll(/^remote: /gm, '').replaceAll(/ +$/gm, '');
  };
  const nextOf = (told: string): string => /next: git (push [^;\n]*)/.exec(told)?.[1] ?? told;

  it('leaves out a tag that follows by itself, by the command that it names', async () => {
    write(clone, { 'cart/tagged.md': 'a\n' });
    await mustGit(clone, ['add', '-A']);
    await mustGit(clone, ['commit', '-q', '-m', 'tagged']);
    await mustGit(clone, ['tag', '-a', 'v1', '-m', 'one']);
    await mustGit(clone, ['config', 'push.followTags', 'true']);
    const told = await refusedPush('push', 'origin', `HEAD:${branch}`);
    expect(told).toMatch(/\(1 reason\)\n +ref\.namespace +refs\/tags\/v1 +a tag, limit branches of a task/);
    expect(nextOf(told)).toBe(`push --no-follow-tags origin HEAD:${branch}`);
    const alone = await refusedPush('push', 'origin', 'refs/tags/v1');
    expect(nextOf(alone)).toBe(`push --no-follow-tags origin HEAD:${branch}`);
    const both = await refusedPush('push', 'origin', `HEAD:${branch}`, 'HEAD:refs/heads/main');
    expect(both).toMatch(/next: .*git push --no-follow-tags \S+ \S+$/m);
    await mustGit(clone, nextOf(told).split(' '), auth());
    await mustGit(clone, ['config', '--unset', 'push.followTags']);
  });

  it('says how long a path or a name is, and may be', async () => {
    const blob = await mustGit(clone, ['rev-parse', 'HEAD:cart/a.md']);
    const commitOf = async (path: string) => {
      const env = ['-c', 'core.longpaths=true'];
      await mustGit(clone, [...env, 'read-tree', 'HEAD']);
      await mustGit(clone, [...env, 'update-index', '--add', '--cacheinfo', `100644,${blob},${path}`]);
      const tree = await mustGit(clone, ['write-tree']);
      return mustGit(clone, ['commit-tree', tree, '-p', 'HEAD', '-m', 'long']);
    };
    const pushOf = async (path: string) => refusedPush('push', 'origin', `${await commitOf(path)}:${branch}`);
    const long = `cart/${'n'.repeat(300)}`;
    expect(await pushOf(long)).toMatch(
      /tree\.name .* a name of 300 characters, at most 255\nnext: rename the path/,
    );
    const segments = (count: number) =>
      `cart/${Array.from({ length: count }, () => 'n'.repeat(200)).join('/')}`;
    expect(await pushOf(segments(6))).toMatch(
      /tree\.name .* too long: 1210 characters, at most 1024|push\.size .* a folder with a path too long/,
    );
    expect(await pushOf(segments(12))).toMatch(
      /push\.size .* a folder with a path too long, limit 1024 characters\nnext: move its files up/,
    );
    await mustGit(clone, ['reset', '-q', '--hard']);
  });

  it('says that a message is too long, and how to shorten it', async () => {
    const file = join(folder, 'message');
    writeFileSync(file, 'long '.repeat(300_000));
    await mustGit(clone, ['commit', '-q', '--allow-empty', '-F', file]);
    const told = await refusedPush('push', 'origin', `HEAD:${branch}`);
    expect(told).toMatch(
      /push\.message +[0-9a-f]{40} +1500\d{3}, limit 1048576\nnext: shorten the message: git commit --amend/,
    );
    await mustGit(clone, ['commit', '-q', '--amend', '-m', 'short', '--allow-empty']);
    await mustGit(clone, ['push', '-q', 'origin', `HEAD:${branch}`], auth());
  });
});
