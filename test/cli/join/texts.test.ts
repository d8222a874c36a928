import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { template, templateNames } from '../../../src/cli/join/texts.ts';
import { createProgram } from '../../../src/cli/program.ts';
import type { World } from '../../../src/cli/world.ts';
import { coreTools } from '../../../src/gateway/http/mcp/core-tools.ts';
import { toolsOf } from '../../../src/gateway/http/mcp/tools.ts';
import { createRouter } from '../../../src/gateway/router.ts';

const root = resolve(import.meta.dirname, '../../..');
const texts = ['plugin', 'templates'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name): [string, string] => [`${folder}/${name}`, readFileSync(join(root, folder, name), 'utf8')]),
);

describe('what agents are told', () => {
  const world = { args: [], env: {}, stdout: { write: () => true }, stderr: { write: () => true } };
  const program = createProgram(world as unknown as World, '0');
  const tools = toolsOf(createRouter({} as never));

  it('is there: six templates, three prompts, the skill, the command and the text for AGENTS.md', async () => {
    expect(texts).toHaveLength(12);
    for (const name of templateNames) expect(await template(name)).toMatch(/^# /);
    await expect(template('../../package')).rejects.toThrow(/--template/);
  });

  it.each(texts)('names only commands and options that exist: %s', (_path, text) => {
    for (const [, line = ''] of text.matchAll(/`andon ([^`]+)`/g)) {
      let command: Command | undefined = program;
      const words = line.split(/\s+/);
      while (command !== undefined && command.commands.length > 0)
        command = command.commands.find((one) => one.name() === words[0] && words.shift() !== undefined);
      expect(command, `andon ${line}`).toBeInstanceOf(Command);
      for (const option of words.filter((word) => word.startsWith('--')))
        expect(
          command?.options.map(({ long }) => long),
          `andon ${line}`,
        ).toContain(option);
    }
  });

  it('names in the plugin only tools that a client lists by default', () => {
    const core = new Set([...coreTools.implementer, ...coreTools.validator]);
    const named = texts
      .filter(([path]) => path.startsWith('plugin/'))
      .flatMap(([, text]) => [...text.matchAll(/`([a-z]+_[a-z_]+|briefing)`/g)].map(([, name = '']) => name));
    expect(named.length).toBeGreaterThan(10);
    for (const name of named) expect([...core], name).toContain(name);
  });

  it.each(texts)('names only tools that exist: %s', (_path, text) => {
    for (const [, name = ''] of text.matchAll(/`((?:task|change|token|gate|verdict|plan|report)_[a-z_]+)`/g))
      expect([...tools.keys()]).toContain(name);
  });
});
