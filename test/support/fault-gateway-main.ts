// A gateway in a separate process that dies, or stops, at a named point. Lines on stdin name the point:
// `arm <signal> <point>`. Prints one JSON line when it is ready, or the reason why it could not start.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pino from 'pino';
import { startApp } from '../../src/app.ts';
import { configure } from '../../src/config.ts';
import { AndonError } from '../../src/lib/errors.ts';
import { watchStore } from './fault-points.ts';

const config = configure(JSON.parse(process.env.ANDON_FAULT_CONFIG ?? '{}'), {});
const log = pino({ level: config.logLevel, base: null }, pino.destination(2));
const hook = join(config.dataFolder, 'hooks', 'post-receive');
let armed: { signal: NodeJS.Signals; point: string } | undefined;

const say = (what: Record<string, unknown>): void => void process.stdout.write(`${JSON.stringify(what)}\n`);

function at(point: string): void {
  if (armed?.point !== point) return;
  const { signal } = armed;
  armed = undefined;
  process.kill(process.pid, signal);
}

function arm(line: string): void {
  const [, signal = 'SIGKILL', point = ''] = /^arm (\S+) (.+)$/.exec(line) ?? [];
  armed = { signal: signal as NodeJS.Signals, point };
  // git calls this hook after the refs have moved and before the pusher has heard of it.
  if (point === 'push moved')
    writeFileSync(hook, `#!/bin/sh\nrm -f "$0"\nkill -9 ${process.pid}\n`, { mode: 0o700 });
  say({ armed: point });
}

try {
  rmSync(hook, { force: true });
  const started = performance.now();
  const app = await startApp(config, { log, purpose: 'test', at, watch: (store) => watchStore(store, at) });
  process.once('SIGTERM', () => {
    void app.close().then(() => process.exit(0));
  });
  const installation = readFileSync(app.owner.file, 'utf8').length > 0;
  say({ url: app.url, tokenFile: app.owner.file, installation, startMs: performance.now() - started });
  // The process that started this one is gone, and cannot end it any more.
  const orphaned = (): void => void process.kill(process.pid, 'SIGKILL');
  createInterface({ input: process.stdin }).on('line', arm).on('close', orphaned);
} catch (error) {
  const code = error instanceof AndonError ? error.code : undefined;
  say({ failed: error instanceof Error ? error.message : String(error), code });
  // Handles that startApp left open would keep the process alive: a failed start must not need an exit.
  process.exitCode = 1;
}
