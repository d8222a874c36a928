// Starts a child that would run for long, tells its id and the helper's folder, and waits to be killed.
import { readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSpawner } from '../../src/git/spawn/spawner.ts';

const startedMs = Date.now() - process.uptime() * 1000;
const spawner = createSpawner();
const child = await spawner.start({ file: '/bin/sleep', args: ['100'], cwd: '/', env: { PATH: '/bin' } });
const [folder] = readdirSync(tmpdir())
  .filter((name) => /^andon-[A-Za-z0-9]{6}$/.test(name))
  .map((name) => join(tmpdir(), name))
  .filter((path) => statSync(path).birthtimeMs >= startedMs)
  .sort((a, b) => statSync(b).birthtimeMs - statSync(a).birthtimeMs);
process.stdout.write(`${JSON.stringify({ pid: child.pid, folder })}\n`);
setInterval(() => undefined, 1_000);
