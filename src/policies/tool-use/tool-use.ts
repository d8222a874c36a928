import { type Reason, reason } from '../../lib/decision.ts';
import { commandLineReasons } from './command-line.ts';
import type { ToolFacts, ToolUse } from './facts.ts';
import { folderReasons } from './folders.ts';
import { readReasons, writeReasons } from './write.ts';

export type { ToolFacts, ToolUse } from './facts.ts';

type Rule = (use: ToolUse, facts: ToolFacts) => Reason[];

const harmless: Rule = () => [];
const network: Rule = ({ tool }, facts) => (facts.network ? [] : [reason('tool.network', tool)]);

/** A rule over one member of the input that must be text. Without `required`, absence means the clone's root. */
function over(member: string, required: boolean, judge: (text: string, facts: ToolFacts) => Reason[]): Rule {
  return ({ tool, input }, facts) => {
    const value = Object.hasOwn(input, member) ? input[member] : undefined;
    if (value === undefined && !required) return [];
    if (typeof value !== 'string')
      return [reason('tool.unknown', tool, { found: `an input without ${member}` })];
    return judge(value, facts);
  };
}

const write = over('file_path', true, writeReasons);
const read = over('file_path', true, readReasons);
const look = over('path', false, readReasons);
const asks: Rule = ({ tool }) => [
  reason('tool.unknown', tool, {
    found: 'a question to a person who is not there',
    next: 'ask with the tool task_ask',
  }),
];

/**
 * Rules for the tools of Claude Code, by name. A tool outside the table is refused, whatever its name:
 * somebody has to review it first.
 */
const rules: ReadonlyMap<string, Rule> = new Map<string, Rule>([
  ['Read', read],
  ['NotebookRead', over('notebook_path', true, readReasons)],
  ['Glob', look],
  ['Grep', look],
  ['LS', look],
  ['Edit', write],
  ['MultiEdit', write],
  ['Write', write],
  ['NotebookEdit', over('notebook_path', true, writeReasons)],
  ['Bash', over('command', true, commandLineReasons)],
  ['WebFetch', network],
  ['WebSearch', network],
  ['AskUserQuestion', asks],
  // These tools start nothing by themselves: the tools that they lead to ask for permission one by one.
  ...'Agent Task TaskCreate TaskGet TaskList TaskOutput TaskStop TaskUpdate TodoRead TodoWrite BashOutput KillBash KillShell Skill SlashCommand ToolSearch EnterPlanMode ExitPlanMode StructuredOutput ListMcpResourcesTool ReadMcpResourceTool'
    .split(' ')
    .map((tool): [string, Rule] => [tool, harmless]),
]);

/** The gateway's own tools, by `.mcp.json` or by the plugin; admission judges their calls anyway. */
const ownTools = /^mcp__(?:plugin_andon_)?andon__[a-z_]+$/;

/**
 * Reasons why an agent's program may not use a tool; none allows it. Pure, and a courtesy: it spares the
 * agent work that the gateway would refuse later. The judgement of the push, admission and the sandbox are
 * what enforces the rules.
 */
export function toolUseReasons(use: ToolUse, facts: ToolFacts): Reason[] {
  if (ownTools.test(use.tool)) return [];
  const rule = rules.get(use.tool);
  if (rule === undefined) return [reason('tool.unknown', use.tool)];
  return [...rule(use, facts), ...(facts.refusesFolders === true ? folderReasons(use) : [])];
}
