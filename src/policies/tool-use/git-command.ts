import { type Reason, reason } from '../../lib/decision.ts';
import type { ToolFacts } from './facts.ts';
import type { Word } from './shell.ts';

/** Options of git itself that take a separate value. */
const valued = new Set([
  '-C',
  '-c',
  '--git-dir',
  '--work-tree',
  '--namespace',
  '--exec-path',
  '--config-env',
]);
const harmlessSettings = /^(?:user|commit|color|advice)\.|^core\.(?:pager|quotepath)=/i;

/** Reasons against a git command: pushes elsewhere than to the task's branches, foreign remotes, settings that run code. */
export function gitReasons(words: readonly Word[], facts: ToolFacts): Reason[] {
  const { settings, elsewhere, rest } = leading(words);
  const found = settings
    .filter((setting) => !harmlessSettings.test(setting))
    .map((setting) => reason('tool.command', 'git -c', { found: setting, next: 'leave the setting out' }));
  if (elsewhere !== undefined)
    found.push(reason('tool.command', `git ${elsewhere}`, { next: 'run git in your clone, without it' }));
  const [command, ...args] = rest;
  if (command !== undefined) found.push(...commandReasons(command, args, facts));
  return found;
}

interface Leading {
  readonly settings: readonly string[];
  /** An option that makes git work on another repository. */
  readonly elsewhere: string | undefined;
  readonly rest: readonly Word[];
}

function leading(words: readonly Word[]): Leading {
  const settings: string[] = [];
  let elsewhere: string | undefined;
  let at = 0;
  for (let text = textAt(words, 0); text.startsWith('-'); text = textAt(words, at)) {
    const option = text.split('=', 1).join('');
    if (option === '-c' || option === '--config-env') settings.push(textAt(words, at + 1));
    else if (valued.has(option)) elsewhere = option;
    at += valued.has(text) ? 2 : 1;
  }
  return { settings, elsewhere, rest: words.slice(at) };
}

const textAt = (words: readonly Word[], at: number): string => words[at]?.text ?? '';

function commandReasons(command: Word, args: readonly Word[], facts: ToolFacts): Reason[] {
  if (!command.fixed) return [reason('tool.command', 'git', { found: 'a command that a variable decides' })];
  const foreign = foreignReasons(command.text, args, facts);
  if (command.text === 'push') return [...foreign, ...pushReasons(args, facts)];
  if (command.text === 'config') return [...foreign, ...configReasons(args)];
  return foreign;
}

const looksRemote = /^(?:[a-z][a-z0-9+.-]*:\/\/|[a-z][a-z0-9+-]*::|[^/:@\s]+@[^/:\s]+:)/i;

/**
 * Commands whose arguments may name a repository; in other commands `a:b` is a path in a commit, and text is
 * text.
 */
const remoteCommands = new Set([
  'clone',
  'fetch',
  'pull',
  'push',
  'remote',
  'ls-remote',
  'submodule',
  'archive',
]);

function foreignReasons(command: string, args: readonly Word[], facts: ToolFacts): Reason[] {
  if (facts.network || !remoteCommands.has(command)) return [];
  const own = [`http://${facts.gatewayHost}/git/`, `https://${facts.gatewayHost}/git/`];
  return args
    .filter(({ text }) => looksRemote.test(text) && !own.some((url) => text.startsWith(url)))
    .map(({ text }) => reason('tool.network', `git ${command}`, { found: text, limit: own.join(', ') }));
}

function configReasons(args: readonly Word[]): Reason[] {
  const reads = args.some(({ text }) => /^(?:--get|--list|-l$|list$|get$)/.test(text));
  const plain =
    args.every(({ text, fixed }) => fixed && !/^[a-z]+\./i.test(text)) ||
    args.some(({ text }) => /^user\./i.test(text));
  return reads || plain
    ? []
    : [
        reason('tool.command', 'git config', {
          found: args.map(({ text }) => text).join(' '),
          limit: 'user.*',
        }),
      ];
}

/** Options of push that move more refs than the ones named. */
const sweeping =
  /^(?:--(?:mirror|all|branches|tags|follow-tags|delete|prune|receive-pack.*|exec.*)|-[a-z]*d[a-z]*)$/;

function pushReasons(args: readonly Word[], facts: ToolFacts): Reason[] {
  const { cap } = facts;
  if (!cap.actions.includes('repo:push')) return [reason('grant.action', 'repo:push', { found: cap.role })];
  const limits = prefixesOf(facts);
  const detail = { limit: limits.join(', '), next: howTo(facts) };
  const found = args
    .filter(({ text }) => sweeping.test(text))
    .map(({ text }) => reason('ref.namespace', `git push ${text}`, detail));
  const [, ...refs] = named(args);
  if (refs.length === 0) found.push(reason('ref.namespace', 'git push', { found: 'no ref', ...detail }));
  for (const ref of refs)
    if (!ref.fixed || !isBelow(targetOf(ref), limits))
      found.push(reason('ref.namespace', targetOf(ref) || ref.text, detail));
  return found;
}

const isBelow = (branch: string, prefixes: readonly string[]): boolean =>
  prefixes.some((prefix) => branch.length > prefix.length && branch.startsWith(prefix));

const pushValued = new Set(['-o', '--push-option', '--repo', '--receive-pack', '--exec']);

/** The words that are neither options nor values of options: the remote, then refs. */
function named(args: readonly Word[]): Word[] {
  return args.filter(({ text }, at) => !text.startsWith('-') && !pushValued.has(args[at - 1]?.text ?? ''));
}

/** The branch that a refspec moves; empty for a deletion. */
function targetOf({ text }: Word): string {
  const plain = text.replace(/^\+/, '');
  const colon = plain.lastIndexOf(':');
  if (colon === 0) return '';
  return plain.slice(colon + 1).replace(/^refs\/heads\//, '');
}

function prefixesOf({ cap }: ToolFacts): readonly string[] {
  if (cap.task === undefined) return cap.refs;
  return [cap.epoch === undefined ? `task/${cap.task}/` : `task/${cap.task}/${cap.epoch}/`];
}

function howTo({ cap }: ToolFacts): string {
  const { task = '<task>', epoch = '<epoch>' } = cap;
  return `git push origin HEAD:refs/heads/task/${task}/${epoch}/work`;
}
