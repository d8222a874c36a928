import { chmodSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { statement } from '../../../src/store/store.ts';
import { enginesOf } from '../../support/engines.ts';
import { mustGit, write } from '../../support/gateway.ts';
import { codesOf, type Line, openLine } from '../../support/line.ts';
import { planHead } from '../../support/plan-head.ts';
import { waitUntil } from '../../support/wait.ts';

const plan = `
${planHead({ done: 'artefact' })}
tasks:
  cart: { title: Cart, phase: build, write: ["src/cart/**"] }
`;
const project = 'shop';

/** A stand-in for ssh: it announces its call, waits until it is let go, then runs the real upload-pack. */
const slowTransport = (folder: string): string => `#!/bin/sh
touch "${folder}/called.$$"
while [ ! -e "${folder}/go" ]; do sleep 0.05; done
for last in "$@"; do :; done
exec sh -c "$last"
`;

describe.each(enginesOf(import.meta.filename))('andon follows an upstream, on %s', (engine) => {
  let line: Line;
  let folder: string;
  let upstream: string;
  const sshBefore = process.env.GIT_SSH_COMMAND;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'andon-upstream-'));
    const ssh = join(folder, 'ssh');
    writeFileSync(ssh, slowTransport(folder));
    chmodSync(ssh, 0o755);
    process.env.GIT_SSH_COMMAND = ssh;
    line = await openLine(engine, { plan });
    upstream = join(folder, 'upstream');
    await mustGit(folder, ['clone', '-q', join(line.folder, 'data/repos/shop.git'), 'upstream']);
    await line.app.gateway.store.rows(statement('', 'update projects set upstream = $2 where name = $1'), [
      project,
      `ssh://localhost${upstream}`,
    ]);
  });
  afterAll(async () => {
    if (sshBefore === undefined) delete process.env.GIT_SSH_COMMAND;
    else process.env.GIT_SSH_COMMAND = sshBefore;
    await line.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const commit = async (name: string): Promise<string> => {
    write(upstream, { [name]: name });
    await mustGit(upstream, ['add', '-A']);
    await mustGit(upstream, ['commit', '-q', '-m', name]);
    return mustGit(upstream, ['rev-parse', 'HEAD']);
  };
  const sync = () => line.owner.project.sync.mutate({ project });
  const called = (): number => readdirSync(folder).filter((name) => name.startsWith('called.')).length;
  /** The last event of a sync; housekeeping may have written others since. */
  const lastEvent = async () => (await line.events()).filter(({ type }) => type.includes('sync')).at(-1);

  it('holds up nobody while the network is slow', async () => {
    const theirs = await commit('one');
    const before = await line.main();
    const syncing = sync();
    await waitUntil(() => called() === 1);
    // The project is not locked, alone or otherwise, and no transaction waits for the network.
    const hand = await line.mint('agent:builder');
    const { task } = await hand.client.task.claim.mutate({ project });
    await hand.client.task.release.mutate({ project, task: 'cart', epoch: task?.epoch ?? 0, why: 'x' });
    await line.owner.token.revoke.mutate({ project, kind: 'grant', value: hand.grant, why: 'x' });
    // Other transactions begin and end meanwhile; one that waited for the network would stay, since the
    // transport is still held.
    const open = statement(
      '',
      `select from pg_stat_activity where state = 'idle in transaction' and datname = current_database()`,
    );
    await waitUntil(async () => (await line.app.gateway.store.rows(open)).length === 0);
    expect(await line.main()).toBe(before);
    writeFileSync(join(folder, 'go'), '');
    expect(await syncing).toMatchObject({ kind: 'forwarded', main: theirs });
    expect(await line.main()).toBe(theirs);
    expect(await lastEvent()).toMatchObject({
      type: 'project.synced',
      data: { kind: 'forwarded', main: theirs },
    });
  });

  it('lets many at once fetch one after the other', async () => {
    const theirs = await commit('two');
    const answers = await Promise.all([sync(), sync(), sync()]);
    expect(answers.map(({ kind }) => kind).sort()).toEqual(['forwarded', 'same', 'same']);
    expect(await line.main()).toBe(theirs);
  });

  it('never moves main for a token that may not, and fetches nothing for it', async () => {
    const hand = await line.mint('agent:curious');
    const before = called();
    expect(await codesOf(hand.client.project.sync.mutate({ project }))).toContain('grant.action');
    expect(called()).toBe(before);
  });

  it('refuses a divergence, records it, and leaves main', async () => {
    const before = await line.main();
    await mustGit(upstream, ['reset', '-q', '--hard', 'HEAD~1']);
    const theirs = await commit('other');
    expect(await codesOf(sync())).toEqual(['sync.diverged']);
    expect(await line.main()).toBe(before);
    expect(await lastEvent()).toMatchObject({
      type: 'sync.diverged',
      data: { reason: { found: theirs, limit: before } },
    });
  });

  it('names an upstream that cannot be reached, and the next sync works', async () => {
    const away = `${upstream}.away`;
    renameSync(upstream, away);
    expect(await codesOf(sync())).toEqual(['git.failed']);
    renameSync(away, upstream);
    await mustGit(upstream, ['reset', '-q', '--hard', await line.main()]);
    expect(await sync()).toMatchObject({ kind: 'same' });
  });
});
