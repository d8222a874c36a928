import { fail } from '../../lib/errors.ts';
import { readJson } from '../../lib/json.ts';

/** Comment signs of a kind of file. */
export interface Marks {
  readonly begin: string;
  readonly end: string;
}

export const markdownMarks: Marks = { begin: '<!-- andon:begin -->', end: '<!-- andon:end -->' };
export const tomlMarks: Marks = { begin: '# andon:begin', end: '# andon:end' };

/**
 * Puts a text between its marks, at the end of a file without marks; everything else stays byte for byte.
 * Repeating the call changes nothing. Errors: `cli.usage` when the marks stand alone, twice or the wrong way
 * round.
 */
export function withMarked(file: string, before: string, text: string, marks: Marks): string {
  const block = `${marks.begin}\n${text.trim()}\n${marks.end}`;
  const [begin, end] = [linesAt(before, marks.begin), linesAt(before, marks.end)];
  const [first, last] = [begin[0], end[0]];
  if (first === undefined && last === undefined) return `${before}${gapAfter(before)}${block}\n`;
  if (first === undefined || last === undefined || begin.length + end.length > 2 || last < first)
    throw fail('cli.usage', file, {
      found: 'broken marks of andon',
      next: `mend or remove \`${marks.begin}\``,
    });
  return `${before.slice(0, first)}${block}${before.slice(last + marks.end.length)}`;
}

/** The positions at which a mark is a line of its own. */
function linesAt(text: string, mark: string): number[] {
  const found: number[] = [];
  for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at + 1)) {
    const startsLine = at === 0 || text.charAt(at - 1) === '\n';
    const next = text.charAt(at + mark.length);
    if (startsLine && (next === '' || next === '\n' || next === '\r')) found.push(at);
  }
  return found;
}

function gapAfter(text: string): string {
  if (text === '') return '';
  return text.endsWith('\n') ? '\n' : '\n\n';
}

/** Sets one server in the JSON of `.mcp.json`; the others stay. Errors: `cli.usage` for a file of another form. */
export function withServer(file: string, before: string, server: unknown): string {
  const config = before.trim() === '' ? {} : parsed(file, before);
  const servers = config.mcpServers ?? {};
  if (!isObject(servers)) throw notOurs(file, 'mcpServers is no object');
  const next = { ...config, mcpServers: { ...servers, andon: server } };
  return JSON.stringify(next) === JSON.stringify(config) ? before : `${JSON.stringify(next, undefined, 2)}\n`;
}

/** A hook of Claude Code: when it runs, and its commands. */
export interface HookEntry {
  readonly matcher: string;
  readonly hooks: readonly { readonly type: string; readonly command: string; readonly timeout: number }[];
}

/**
 * Adds a hook to the JSON of Claude Code's settings; everything else stays, and a hook with the same command is
 * replaced. Errors: `cli.usage` for a file of another form.
 */
export function withHook(file: string, before: string, name: string, entry: HookEntry): string {
  const config = before.trim() === '' ? {} : parsed(file, before);
  const hooks = config.hooks ?? {};
  if (!isObject(hooks)) throw notOurs(file, 'hooks is no object');
  const list = hooks[name] ?? [];
  if (!Array.isArray(list)) throw notOurs(file, `hooks.${name} is no list`);
  const others = list.filter((one: unknown) => !runs(one, entry));
  const next = { ...config, hooks: { ...hooks, [name]: [...others, entry] } };
  return JSON.stringify(next) === JSON.stringify(config) ? before : `${JSON.stringify(next, undefined, 2)}\n`;
}

/** True for an entry that runs nothing but the commands of another one. */
function runs(one: unknown, { hooks }: HookEntry): boolean {
  const own = isObject(one) && Array.isArray(one.hooks) ? one.hooks : [];
  const commands = hooks.map(({ command }) => command);
  return (
    own.length > 0 && own.every((hook: unknown) => isObject(hook) && commands.includes(String(hook.command)))
  );
}

function parsed(file: string, text: string): Record<string, unknown> {
  const read = readJson(text);
  if (read.fault !== undefined) throw notOurs(file, 'no JSON');
  if (isObject(read.value)) return read.value;
  throw notOurs(file, 'no object');
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const notOurs = (file: string, found: string) =>
  fail('cli.usage', file, { found, next: 'add the text that andon join prints without --write by hand' });

/**
 * Sets a table in a TOML file. A TOML table must not be opened twice: one that was written by hand stays.
 * Errors: `cli.usage`.
 */
export function withTable(file: string, before: string, text: string): string {
  const outside = before.replace(/^# andon:begin$[\s\S]*?^# andon:end$/m, '');
  if (/^\s*\[\s*mcp_servers\s*\.\s*(?:andon|"andon"|'andon')\s*[\].]/m.test(outside))
    throw notOurs(file, 'a table [mcp_servers.andon] that andon join did not write');
  return withMarked(file, before, text, tomlMarks);
}

const skillMark = '<!-- andon: written by andon join -->';

/** Sets the file of the skill as a whole; a file of another origin stays. Errors: `cli.usage`. */
export function withSkill(file: string, before: string, text: string): string {
  if (before !== '' && !before.includes(skillMark))
    throw notOurs(file, 'a skill that andon join did not write');
  return text;
}
