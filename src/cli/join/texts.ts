import { readFile } from 'node:fs/promises';
import { fail } from '../../lib/errors.ts';
import { packageFile } from '../../process/entry.ts';

/** Templates of instructions that `andon join --template` prints. */
export const templateNames = [
  'basic-jit',
  'advanced-pull',
  'multi-agent',
  'quality-aware',
  'context',
  'assignment',
] as const;

const shipped = (path: string): Promise<string> => readFile(packageFile(path), 'utf8');

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
