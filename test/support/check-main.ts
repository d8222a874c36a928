import { checkCommand } from '../../src/cli/check/command.ts';

// Starts `andon check` alone, for tests that need a process of it.
await checkCommand().parseAsync(process.argv);
