import type { Command } from 'commander';
import { fail } from '../../lib/errors.ts';
import { act, leaf, type Run } from '../command.ts';
import type { GatewayLink } from '../connect.ts';
import { dateWords } from '../dates.ts';
import { printable } from '../printable.ts';
import { short, table } from '../table.ts';
import type { World } from '../world.ts';

const about = `takes the upstream’s main, fast-forward only. Its commits are not judged by Andon: a record names their number, their authors,
and who let them in. With \`upstream: { url, follow: true }\` in the plan the gateway does this by itself. When both sides have moved,
\`--merge\` opens the merge of both as a change: the gates run on it, a person approves it, and it lands on both.`;

type Merge = Awaited<ReturnType<GatewayLink['client']['project']['merge']['mutate']>>;
type OpenMerge = Extract<Merge, { readonly change: string }>;

/** Opens the merge of both sides, and says what it waits for. */
async function merge({ link }: Run<object>) {
  const { client, project } = await link();
  const data = await client.project.merge.mutate({ project });
  if (!('change' in data)) {
    const next = data.kind === 'forward' ? '; take what the upstream has: andon sync' : '';
    return { data, lines: [`nothing to merge: ${kindWords[data.kind]}${next}`] };
  }
  const { change, ours, theirs, conflicts, gates } = data;
  const head = `${short(change)}  merges main ${short(ours)} and the upstream ${short(theirs)}`;
  if (conflicts.length === 0) {
    const said = `${gates.length === 0 ? 'no gates' : `gates ${gates.join(', ')}`}${againWords(data)}`;
    return { data, lines: [`${head}: ${said}`], talk: judgeSteps(short(change)) };
  }
  const paths = conflicts.map((path) => `  ${printable(path)}`);
  return { data, lines: [`${head}: conflicts`, ...paths], talk: mergeSteps(data), exit: 'conflict' as const };
}

const kindWords = {
  same: 'main and the upstream are the same',
  ahead: 'main has all that the upstream has',
  forward: 'the upstream has all that main has',
} as const;

const againWords = ({ failed }: OpenMerge): string =>
  failed.length === 0 ? '' : `; run anew: ${failed.join(', ')}`;

const judgeSteps = (change: string): string[] => [
  `next: andon change diff ${change}`,
  `      andon verdict approve ${change}   (another person, when the gates have passed; --own-work for your own)`,
];

/** The commands that resolve the conflicts in a clone. */
const mergeSteps = ({ change, ours, theirs, upstream }: OpenMerge): string[] => [
  'resolve them in a clone:',
  '  git fetch origin',
  `  git fetch ${printable(upstream)} ${theirs}   (or its branch)`,
  `  git checkout ${ours} && git merge ${theirs}`,
  `  andon git push origin HEAD:refs/heads/sync/${change}`,
];

const commitWords = (count: number): string => `${count} ${count === 1 ? 'commit' : 'commits'}`;

/** The command `andon sync`. */
export function syncCommand(world: World): Command {
  return leaf('sync', 'take the upstream’s main, fast-forward only', about)
    .option('--merge', 'open the merge of main with an upstream that went another way')
    .option('--list', 'list what came from there so far, and take nothing')
    .action(
      act<{ list?: boolean; merge?: boolean }>(world, async (run) => {
        const { link, options, terminal } = run;
        if (options.merge === true && options.list === true)
          throw fail('cli.usage', '--merge', { found: 'with --list', next: 'give one of them' });
        if (options.merge === true) return merge(run);
        const { client, project } = await link();
        if (options.list !== true) {
          const data = await client.project.sync.mutate({ project });
          const count = data.kind === 'forwarded' ? `, ${commitWords(data.commits)} not judged by Andon` : '';
          return { data, lines: [`${data.kind}: main is at ${data.main}${count}`] };
        }
        const rows = await client.project.syncs.query({ project });
        const cells = rows.map((row) => [
          dateWords(row.at),
          `${row.oldMain.slice(0, 12)}..${row.newMain.slice(0, 12)}`,
          `${row.commits} not judged by Andon${row.change === null ? '' : `, merged by ${short(row.change)}`}`,
          row.settingBy === null ? row.byAgent : `followed by the setting of ${row.settingBy}`,
          printable(row.authors.join(', ')),
        ]);
        const head = ['WHEN', 'MAIN', 'COMMITS', 'LET IN BY', 'AUTHORS'];
        return { data: rows, lines: table(head, cells, terminal.paint) };
      }),
    );
}
