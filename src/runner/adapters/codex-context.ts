import type { ContextSeen } from '../context/context-seen.ts';
import { objectOf } from './adapter.ts';

const textOf = (value: unknown): string => (typeof value === 'string' ? value : '');

/**
 * The parts of a run's context in a finished item of Codex's `--json` output: the output of a command, the answer of a tool, its
 * words, the files that it changed. A reason for a load stands nowhere in it.
 */
export function codexContext(item: Readonly<Record<string, unknown>>): ContextSeen[] {
  if (item.type === 'agent_message' || item.type === 'reasoning')
    return [{ what: 'said', text: textOf(item.text) }];
  if (item.type === 'file_change') return changedFiles(item.changes);
  if (item.type === 'command_execution') {
    const source = textOf(item.command);
    const loaded = {
      what: 'loaded',
      kind: 'command',
      source,
      why: '',
      text: textOf(item.aggregated_output),
    } as const;
    return [{ what: 'said', text: source }, loaded];
  }
  if (item.type !== 'mcp_tool_call') return [];
  const own = item.server === 'andon';
  const source = own ? textOf(item.tool) : `${textOf(item.server)} ${textOf(item.tool)}`;
  return [{ what: 'loaded', kind: own ? 'andon' : 'tool', source, why: '', text: answerText(item) }];
}

function changedFiles(changes: unknown): ContextSeen[] {
  if (!Array.isArray(changes)) return [];
  return changes.flatMap((change: unknown) => {
    const path = textOf(objectOf({ change }, 'change')?.path);
    return path === '' ? [] : [{ what: 'edited', path } as const];
  });
}

function answerText(item: Readonly<Record<string, unknown>>): string {
  const content = objectOf(item, 'result')?.content;
  if (!Array.isArray(content)) return '';
  return content.map((part: unknown) => textOf(objectOf({ part }, 'part')?.text)).join('\n');
}
