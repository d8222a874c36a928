import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { takeFile } from '../../src/process/owned-file.ts';
import { giveUserBack, isOwnUser, takeUser, trialUser } from '../../src/sandbox/own-user.ts';
import { builtFolder } from '../support/built.ts';
import { waitUntil } from '../support/wait.ts';

const isRoot = process.getuid?.() === 0;
const built = pathToFileURL(join(builtFolder(), 'dist/sandbox/own-user.js')).href;
if (!isRoot) console.log('left out: users of gates and runs, which take root');
const claimOf = (uid: number): string => `/run/andon-users/${uid}`;

const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
});

/** A process that takes some users at once and holds them until it is killed. */
async function holder(count: number): Promise<{ child: ChildProcess; uids: number[] }> {
  const code = `const { takeUser } = await import(${JSON.stringify(built)});
    const users = await Promise.all(Array.from({ length: ${count} }, () => takeUser()));
    console.log(JSON.stringify(users.map(({ uid }) => uid)));
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  started.push(child);
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { child, uids: JSON.parse(line) as number[] };
}

describe.runIf(isRoot)('a user of a gate or run', () => {
  it('is taken by one process of the machine alone, whoever else takes users at the same time', async () => {
    // Processes begin sixteen users apart, so that their ranges overlap.
    const holders = await Promise.all([holder(100), holder(100), holder(100)]);
    const mine = await Promise.all(Array.from({ length: 100 }, () => takeUser()));
    const all = [...holders.flatMap(({ uids }) => uids), ...mine.map(({ uid }) => uid)];
    for (const user of mine) await giveUserBack(user);
    expect(new Set(all).size).toBe(400);
    expect(all.every(isOwnUser)).toBe(true);
    expect(all).not.toContain(trialUser.uid);
  });

  it('is free again once it is given back, and once the process that had it is dead', async () => {
    const user = await takeUser();
    expect(await takeFile(claimOf(user.uid), 'another')).toBe(false);
    await giveUserBack(user);
    expect(() => readFileSync(claimOf(user.uid))).toThrow(/ENOENT/);
    const { child, uids } = await holder(1);
    const [uid = 0] = uids;
    expect(await takeFile(claimOf(uid), 'another')).toBe(false);
    expect(readFileSync(claimOf(uid), 'utf8')).toContain(` ${child.pid} `);
    child.kill('SIGKILL');
    await waitUntil(() => child.signalCode !== null);
    expect(await takeFile(claimOf(uid), 'another')).toBe(false);
    expect(() => readFileSync(claimOf(uid))).toThrow(/ENOENT/);
  });
});
