// Starts a child that would run for long, prints its id and the helper's folder, and waits to be killed.
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSpawner } from '../../src/git/spawn/spawner.ts';

const spawner = createSpawner();
const child = await spawner.start({ file: '/bin/sleep', args: ['100'], cwd: '/', env: { PATH: '/bin' } });
const name = readdirSync(tmpdir()).find((one) => one.startsWith(`andon-git-${process.pid}-`)) ?? '';
const folder = join(tmpdir(), name);
process.stdout.write(`${JSON.stringify({ pid: child.pid, folder })}\n`);
setInterval(() => undefined, 1_000);
