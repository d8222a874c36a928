import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.ts';
import { commandOf, namedIn, parseNamed, textsOf } from '../support/named-commands.ts';

const src = resolve(import.meta.dirname, '../../src');
const world = {
  root: {} as never,
  env: {},
  cwd: src,
  stdout: process.stdout,
  stderr: process.stderr,
  args: [],
  launch: [],
};
const program = () => createProgram(world, '0');

/** Texts that tell of a command and do not ask for it, and a line of git's log of refs. */
const sentences = [/^works on it/, /^(token mint|event export) wrote/, /^backup (wrote|made)/, /^fence /];

const named = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .flatMap((name) =>
    textsOf(name, readFileSync(join(src, name), 'utf8')).flatMap((text) =>
      namedIn(text).map((command) => ({ name, command })),
    ),
  )
  .filter(({ command }) => !sentences.some((pattern) => pattern.test(command)));

describe('commands that the program names', () => {
  it('are found in its texts', () => {
    expect(named.length).toBeGreaterThan(100);
  });

  it('are commands of the program, with options that they have and arguments that they need', async () => {
    const wrong: string[] = [];
    for (const { name, command } of named) {
      const whole = program();
      const found = commandOf(whole, command);
      const fault =
        found === undefined
          ? 'no such command'
          : await parseNamed(whole, found).then(
              () => undefined,
              (error: Error & { code?: string }) =>
                error.code === 'commander.helpDisplayed' ? undefined : error.message,
            );
      if (fault !== undefined) wrong.push(`${name}: andon ${command.slice(0, 80)}: ${fault}`);
    }
    expect(wrong).toEqual([]);
  });
});
