import { Command } from 'commander';
import { checkCommand } from '../../src/cli/check/command.ts';

// A program with `andon check` alone, for tests that need a process of it.
await new Command('andon').addCommand(checkCommand()).parseAsync(process.argv);
