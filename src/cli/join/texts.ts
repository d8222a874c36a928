import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { fail } from '../../lib/errors.ts';

/** Templates of instructions that `andon join --template` prints. */
export const templateNames = [
  'basic-jit',
  'advanced-pull',
  'multi-agent',
  'quality-aware',
  'context',
  'assignment',
] as const;

// The path is the same from src/cli/join and from dist/cli/join: the root of the package.
const shipped = (path: string): Promise<string> =>
  readFile(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8');

/** A template by name. Errors: `cli.usage`. */
export async function template(name: string): Promise<string> {
  if (templateNames.some((known) => known === name)) return shipped(`templates/${name}.md`);
  throw fail('cli.usage', '--template', { found: name, limit: templateNames.join(', ') });
}

/** The values that the templates name. */
export interface JoinedProject {
  readonly project: string;
  readonly url: string;
}

/** The text about Andon for AGENTS.md or CLAUDE.md. */
export async function agentsText({ project, url }: JoinedProject): Promise<string> {
  return (await shipped('templates/agents.md')).replaceAll('{project}', project).replaceAll('{url}', url);
}

/** The prompt of the package for agents of a tier. */
export const promptText = (tier: 'executive' | 'implementer' | 'validator'): Promise<string> =>
  shipped(`templates/prompts/${tier}.md`);

/** The skill, as the plugin holds it. */
export const skillText = (): Promise<string> => shipped('plugin/skills/andon/SKILL.md');
