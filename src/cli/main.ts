#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { configure, stateFolderOf } from '../config.ts';
import { exitCodes } from '../lib/code-row.ts';
import { packageFile } from '../process/entry.ts';
import { createProgram } from './program.ts';
import type { World } from './world.ts';

const { version } = JSON.parse(readFileSync(packageFile('package.json'), 'utf8')) as {
  version: string;
};

// A reader that went away (`andon event list | head`) is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  process.stderr.write(`andon: the output could not be written: ${error.message}\n`);
  process.exit(exitCodes.failed);
});

const world: World = {
  root: {
    configure,
    stateFolderOf,
    // Loaded when a gateway is started: most commands need neither a database nor a compiler.
    startApp: async (config, extras) => (await import('../app.ts')).startApp(config, extras),
    createLog: async (level) => (await import('../process/create-log.ts')).createLog(level),
  },
  env: process.env,
  cwd: process.cwd(),
  stdout: process.stdout,
  stderr: process.stderr,
  args: process.argv.slice(2),
  launch: [process.execPath, ...process.execArgv, process.argv[1] ?? ''],
};

await createProgram(world, version).parseAsync();
