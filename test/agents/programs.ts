import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Installed, install } from './packages.ts';

const found = await install('programs', '@anthropic-ai/claude-code@2.1.329', '@openai/codex@0.169.0');

const inModules = ({ at }: Installed & { kind: 'installed' }, path: string): string =>
  join(at, 'node_modules', path);

// The package's own installer, which npm may not run, would only link this file to the place where `claude`
// is looked for.
/** Claude Code; undefined when it could not be installed, which `install` has reported. */
export const claudeProgram =
  found.kind === 'installed'
    ? inModules(found, `@anthropic-ai/claude-code-${process.platform}-${process.arch}/claude`)
    : undefined;

/** Codex, as npm puts it on the search path: a shim that starts the native program. */
export const codexProgram =
  found.kind === 'installed' ? inModules(found, '@openai/codex/bin/codex.js') : undefined;

/** The native program of Codex. */
export function codexNative(): string {
  const folder = join(codexProgram ?? '', `../../../codex-${process.platform}-${process.arch}/vendor`);
  return join(folder, readdirSync(folder)[0] ?? '', 'bin/codex');
}
