// Loaded into a process of a test by NODE_OPTIONS: SIGUSR2 makes it collect its garbage, so that the memory
// that it holds can be measured.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
process.on('SIGUSR2', () => collect());
