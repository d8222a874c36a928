import { Worker } from 'node:worker_threads';
import { threadEntry } from '../process/entry.ts';

// The child process of the analyser. Its parser is a thread that speaks with the parent by itself: so the main thread
// always notices that its parent is gone, even while the parser spins; and only a thread may have a stack of this size on
// every platform.

const stackSizeMb = 64;
const maxOldGenerationSizeMb = 768;
const crashed = 70;
// Memory of WebAssembly lies outside of the limits of a thread.
const residentBytesMax = 1536 * 1024 * 1024;
const watchMs = 100;

const parser = new Worker(threadEntry('analysis/parser-thread'), {
  execArgv: [],
  resourceLimits: { stackSizeMb, maxOldGenerationSizeMb },
});

parser.on('error', (error) => {
  process.stderr.write(`${error.message}\n`);
  process.exit(crashed);
});
parser.on('exit', () => process.exit(crashed));
setInterval(() => {
  const { rss } = process.memoryUsage();
  if (rss <= residentBytesMax) return;
  process.stderr.write(`${Math.round(rss / 1024 / 1024)} MB of memory\n`);
  process.exit(crashed);
}, watchMs).unref();
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
