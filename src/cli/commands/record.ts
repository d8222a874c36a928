import { type Command, Option } from 'commander';
import { defined } from '../../lib/defined.ts';
import { spanWords } from '../../lib/durations.ts';
import type { Estimate } from '../../memory/record/interval.ts';
import type { Share } from '../../memory/record/posterior.ts';
import { type Period, periods } from '../../memory/record/record.ts';
import { act, durationSeconds, group, leaf, wholeNumber } from '../command.ts';
import type { GatewayLink } from '../connect.ts';
import { short, table } from '../table.ts';
import type { World } from '../world.ts';

type RecordApi = GatewayLink['client']['record'];
type ShownPattern = Awaited<ReturnType<RecordApi['patterns']['query']>>[number];

/** The command `andon record`: how attempts went, what is to be expected of a task, and what goes with success. */
export function recordCommand(world: World): Command {
  return group('record', 'the record by kind of task and profile: show, estimate, patterns, context')
    .addCommand(showCommand(world))
    .addCommand(estimateCommand(world))
    .addCommand(patternsCommand(world))
    .addCommand(contextCommand(world));
}

const tooFew = (n: number): string => `too little data (n = ${n})`;

/** A value with the interval that holds 85 of 100: `12 min (4 min to 31 min, n = 14)`. */
const known = (
  { n, low, high }: { readonly n: number; readonly low: number | null; readonly high: number | null },
  value: number | null,
  words: (value: number) => string,
): string =>
  low === null || high === null || value === null
    ? tooFew(n)
    : `${words(value)} (${words(low)} to ${words(high)}, n = ${n})`;

const percent = (share: number): string => `${Math.round(share * 100)} %`;
const shareWords = (share: Share): string => known(share, share.mean, percent);
const estimateWords = (of: Estimate, words: (value: number) => string): string => known(of, of.middle, words);
const minutesWords = (minutes: number): string => spanWords(minutes * 60_000);
const usdWords = (usd: number): string => `${usd.toFixed(2)} USD`;
const profileWords = (profile: string | null): string =>
  profile === '' ? '(none)' : (profile ?? '(unknown)');

interface ShowOptions {
  readonly kind?: string;
  readonly profile?: string;
  readonly since?: number;
  readonly every?: Period;
}

const about = `tells how attempts went, by kind of task and profile: the share of first attempts that finished their task, attempts a finished task, time from claim to end, cost where it is known.
Each value stands with an interval that holds 85 of 100; below 8 cases none is given. No agent is named or ranked.`;

function showCommand(world: World): Command {
  return leaf('show', 'how attempts went, by kind of task and profile', about)
    .option('--kind <kind>', 'only tasks of this kind')
    .option('--profile <profile>', 'only attempts under this profile')
    .option('--since <duration>', 'only attempts that ended within it, such as 30d', durationSeconds)
    .addOption(new Option('--every <period>', 'tell it by period').choices(periods))
    .action(
      act<ShowOptions>(world, async ({ link, options: { kind, profile, since, every }, terminal }) => {
        const { client, project } = await link();
        const from = since === undefined ? undefined : new Date(Date.now() - since * 1000).toISOString();
        const data = await client.record.show.query({
          project,
          ...defined({ kind, profile, since: from, every }),
        });
        const cells = data.rows.map((row) => [
          ...(every === undefined || every === 'all' ? [] : [row.from ?? '-']),
          row.kind,
          profileWords(row.profile),
          String(row.attempts),
          shareWords(row.firstPass),
          estimateWords(row.tries, String),
          estimateWords(row.minutes, minutesWords),
          estimateWords(row.usd, usdWords),
        ]);
        const head = ['KIND', 'PROFILE', 'ENDED', 'FIRST PASS', 'ATTEMPTS', 'CLAIM TO END', 'COST'];
        const heads = every === undefined || every === 'all' ? head : ['FROM', ...head];
        return {
          data,
          lines: cells.length === 0 ? ['no attempt has ended'] : table(heads, cells, terminal.paint),
        };
      }),
    );
}

function estimateCommand(world: World): Command {
  return leaf('estimate', 'how long a task will take, from claim to end, by others of its kind')
    .argument('<task>')
    .action(
      act<object, [string]>(world, async ({ link }, task) => {
        const { client, project } = await link();
        const data = await client.record.estimate.query({ project, task });
        const by = data.basis === 'expected' ? ', by the time that the plan expects' : '';
        return { data, lines: [`${task}  ${data.kind}  ${estimateWords(data, minutesWords)}${by}`] };
      }),
    );
}

interface PatternOptions {
  readonly kind?: string;
  readonly task?: string;
}

function patternsCommand(world: World): Command {
  return leaf(
    'patterns',
    'what goes with success and failure, by kind of task',
    'tells what goes with success and failure of attempts: the difference of the shares that finish their task, with an interval that holds it with probability 0.85. No cause is claimed.',
  )
    .option('--kind <kind>', 'only tasks of this kind')
    .option('--task <task>', 'those of the kind of a task, and which of it holds for that')
    .action(
      act<PatternOptions>(world, async ({ link, options: { kind, task }, terminal }) => {
        const { client, project } = await link();
        const data = await client.record.patterns.query({ project, ...defined({ kind, task }) });
        const cells = data.map((one) => [
          one.kind,
          points(one.difference.mean),
          `${points(one.difference.low)} to ${points(one.difference.high)}`,
          `${one.n.with} / ${one.n.without}`,
          holdsWords(one),
          one.words,
        ]);
        const head = ['KIND', 'DIFFERENCE', '85 OF 100', 'WITH / WITHOUT', 'HERE', 'WHERE'];
        const none = ['no pattern: nothing differs by more than chance, or there are fewer than 8 cases'];
        return { data, lines: cells.length === 0 ? none : table(head, cells, terminal.paint) };
      }),
    );
}

const points = (difference: number): string =>
  `${difference > 0 ? '+' : ''}${Math.round(difference * 100)} points`;

function holdsWords(pattern: ShownPattern): string {
  const holds = 'holds' in pattern ? pattern.holds : null;
  return holds === null ? '-' : holds ? 'yes' : 'no';
}

type TaskContext = Awaited<ReturnType<RecordApi['context']['query']>>[number];

function contextCommand(world: World): Command {
  return leaf(
    'context',
    'what the runs at a task loaded, and what of it they used',
    'shows what the runs at a task loaded into their context, why, and which of it shows a sign of use: its file was edited, its path named, or a rare identifier of it written later. That is a lower bound.',
  )
    .argument('<task>')
    .option('--limit <n>', 'most runs to show', wholeNumber(1, 20))
    .action(
      act<{ limit?: number }, [string]>(world, async ({ link, options, terminal }, task) => {
        const { client, project } = await link();
        const data = await client.record.context.query({
          project,
          task,
          ...defined({ limit: options.limit }),
        });
        const lines = data.flatMap((one) => [
          contextHead(one),
          ...table(partHead, one.context.parts.map(partCells), terminal.paint),
        ]);
        return { data, lines: lines.length === 0 ? [`no run at ${task} showed its context`] : lines };
      }),
    );
}

const partHead = ['KIND', 'CHARACTERS', 'LOADS', 'USED', 'SOURCE', 'BECAUSE'];

const partCells = ({
  kind,
  characters,
  loads,
  used,
  source,
  why,
}: TaskContext['context']['parts'][number]) => [
  kind,
  String(characters),
  String(loads),
  used ?? '-',
  source.slice(0, 80),
  why.slice(0, 80),
];

function contextHead({ run, profile, epoch, outcome, context }: TaskContext): string {
  const { firstTokens, mostTokens, lastTokens, loadedCharacters, usedCharacters } = context;
  const tokens =
    firstTokens === null
      ? 'tokens not told'
      : `${firstTokens} tokens at first, ${mostTokens} at most, ${lastTokens} at last`;
  const share = Math.round((100 * usedCharacters) / Math.max(1, loadedCharacters));
  return `${short(run)}  ${profile}  epoch ${epoch ?? '-'}  ${outcome ?? 'running'}  ${tokens}; at least ${share} % of ${loadedCharacters} characters used`;
}
