import type { Analyser } from '../../analysis/analyser.ts';
import { checkSources, type SourceChange } from '../../analysis/check-sources.ts';
import { exitCodes } from '../../lib/code-row.ts';
import { fail } from '../../lib/errors.ts';
import { rangeChanges, stagedChanges, workTreeChanges } from './changes.ts';
import { fileChanges } from './files.ts';
import { gitIn, workTree } from './git.ts';
import { codeLimits, type GivenLimits } from './limits.ts';
import { humanLines, summary } from './report.ts';
import { toSarif } from './sarif.ts';

/** The code to check: whole files, or the changes of the index, a range or the work tree. */
export interface CheckInput {
  readonly paths: readonly string[];
  readonly staged?: boolean;
  readonly range?: string;
  readonly changed?: boolean;
}

/** A check: its input, limits and format. */
export interface CheckRequest extends CheckInput {
  readonly cwd: string;
  readonly given: GivenLimits;
  readonly format: 'human' | 'json' | 'sarif';
  readonly quiet?: boolean;
}

/** Streams for data and for messages. */
export interface Output {
  readonly data: (text: string) => void;
  readonly talk: (text: string) => void;
}

/**
 * Checks with `analyser` and reports. Resolves to the exit code: 0, or 4 when anything is refused. Throws `cli.usage`,
 * `plan.invalid`, `source.busy`.
 */
export async function runCheck(request: CheckRequest, output: Output, analyser: Analyser): Promise<number> {
  const root = await workTree(request.cwd);
  const limits = await codeLimits(request.given, root ?? request.cwd);
  const changes = await collect(request, root);
  const reasons = await checkSources(analyser, changes, limits);
  const files = changes.filter(({ after }) => after !== undefined).length;
  const ok = reasons.length === 0;
  if (request.format === 'sarif') output.data(JSON.stringify(toSarif(reasons), undefined, 2));
  else if (request.format === 'json') output.data(JSON.stringify({ ok, files, limits, reasons }));
  else for (const line of humanLines(reasons)) output.data(line);
  if (request.quiet !== true) output.talk(summary(files, reasons, limits));
  return ok ? exitCodes.ok : exitCodes.refused;
}

function collect(request: CheckRequest, root: string | undefined): Promise<SourceChange[]> {
  const { paths, cwd, range = '' } = request;
  const form = formOf(request);
  if (form === 'paths') return fileChanges(paths, cwd, root ?? cwd);
  if (root === undefined)
    throw fail('cli.usage', 'andon check', { found: 'no git work tree', next: 'name files' });
  if (form === '--staged') return stagedChanges(gitIn(root));
  if (form === '--range') return rangeChanges(gitIn(root), range);
  return workTreeChanges(gitIn(paths.length === 0 ? root : cwd), root, paths);
}

type Form = '--staged' | '--range' | '--changed' | 'paths';

function formOf({ paths, staged, range, changed }: CheckInput): Form {
  const asked: [Form, boolean][] = [
    ['--staged', staged === true],
    ['--range', range !== undefined],
    ['--changed', changed === true],
    ['paths', paths.length > 0],
  ];
  const [first = '--changed', ...others] = asked.filter(([, isAsked]) => isAsked).map(([form]) => form);
  // `--changed` may be narrowed by paths; other sources exclude each other.
  const isAlone = others.length === 0 || (first === '--changed' && others[0] === 'paths');
  if (isAlone) return first;
  const found = [first, ...others].join(' with ');
  throw fail('cli.usage', 'andon check', { found, next: 'give paths, --staged or --range, one of them' });
}
