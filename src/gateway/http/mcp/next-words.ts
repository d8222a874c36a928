import { toolName } from './tool-name.ts';

/** The tools that a caller may call, and those of them that its client has listed. */
export interface Reach {
  readonly granted: ReadonlySet<string>;
  readonly listed: ReadonlySet<string>;
}

/**
 * Commands whose tool has another name, or several that would do: the first one that the client has listed is named. A
 * command without a tool is for people.
 */
const toolsOfCommands: Readonly<Record<string, readonly string[]>> = {
  checkpoint: ['agent_update'],
  continue: ['briefing_more'],
  'gate list': ['gate_list', 'change_show'],
  'gate show': ['gate_list', 'change_show'],
  'git push': [],
  inbox: ['message_list'],
  'plan apply': ['plan_put'],
  'plan check': ['plan_diff'],
  status: ['task_waiting', 'project_status', 'task_list'],
  sync: ['project_sync'],
  'task next': ['task_claim', 'task_list'],
  'token explain': ['token_explain', 'briefing'],
  'token renew': [],
  backup: [],
  check: [],
  completion: [],
  doctor: [],
  git: [],
  init: [],
  join: [],
  mcp: [],
  open: [],
  restore: [],
  runner: [],
  sample: [],
  schema: [],
  up: [],
};

/** Options behind a command, with a value in capitals, quotes or of a file. */
const options = String.raw`(?: --[a-z-]+(?:[ =](?:"[^"]*"|[A-Z][A-Z:=]+|[a-z]+\.yaml|…))?)*`;
const command = new RegExp(String.raw`\bandon ([a-z]+)(?: ([a-z]+(?:-[a-z]+)?))?${options}`, 'g');

/** Words of a next step for a client that has nothing but tools: each command of the program as the tool that does the same. */
export function toolWords(text: string, reach: Reach): string {
  return text.replace(command, (whole: string, noun: string, verb: string | undefined) => {
    const both = verb === undefined ? noun : `${noun} ${verb}`;
    const named = toolsOfCommands[both] ?? byName(noun, verb, reach);
    if (named !== undefined) return wordsFor(named, both, reach);
    const alone = toolsOfCommands[noun];
    if (alone === undefined) return whole;
    return `${wordsFor(alone, noun, reach)}${verb === undefined ? '' : ` ${verb}`}`;
  });
}

function byName(noun: string, verb: string | undefined, { granted }: Reach): readonly string[] | undefined {
  if (verb === undefined || !nouns.has(noun)) return undefined;
  const name = toolName(`${noun}.${verb.replaceAll('-', '_')}`);
  return granted.has(name) ? [name] : [];
}

/** Nouns that commands and tools share. */
const nouns: ReadonlySet<string> = new Set([
  'agent',
  'audit',
  'change',
  'cord',
  'decision',
  'event',
  'gate',
  'message',
  'phase',
  'plan',
  'project',
  'record',
  'report',
  'run',
  'solution',
  'task',
  'token',
  'trigger',
  'verdict',
]);

function wordsFor(named: readonly string[], commandName: string, { granted, listed }: Reach): string {
  const known = named.filter((name) => granted.has(name));
  const near = known.find((name) => listed.has(name));
  if (near !== undefined) return `the tool ${near}`;
  const [far] = known;
  return far === undefined
    ? `a person’s command “${commandName}”`
    : `the tool ${far} (one of those at /mcp?tools=all)`;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** Members that hold Andon's own words: next steps and rules of reasons, and the reasons why an attempt ended. */
const ownWords = new Set(['next', 'rule', 'reasons']);

/** A message of the gateway itself: one that a principal wrote names its sender. */
const isGatewayMessage = ({ recipient, body, data }: Readonly<Record<string, unknown>>): boolean =>
  typeof recipient === 'string' && typeof body === 'string' && !(isObject(data) && 'from' in data);

/** An answer whose next steps name tools. Texts that others wrote stay as they are. */
export function withToolWords(value: unknown, reach: Reach): unknown {
  if (Array.isArray(value)) return value.map((one) => withToolWords(one, reach));
  if (!isObject(value)) return value;
  const isOwn = (name: string): boolean => ownWords.has(name) || (name === 'body' && isGatewayMessage(value));
  const told = Object.entries(value).map(([name, one]) => [
    name,
    isOwn(name) ? inWords(one, reach) : withToolWords(one, reach),
  ]);
  return Object.fromEntries(told);
}

function inWords(value: unknown, reach: Reach): unknown {
  if (typeof value === 'string') return toolWords(value, reach);
  if (Array.isArray(value)) return value.map((one) => inWords(one, reach));
  return withToolWords(value, reach);
}
