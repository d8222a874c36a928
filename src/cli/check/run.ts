import type { Analyser } from '../../analysis/analyser.ts';
import { judgeSources, type UnmeasuredFile } from '../../analysis/check-sources.ts';
import { unmeasuredLines } from '../../analysis/unmeasured-lines.ts';
import { exitCodes } from '../../lib/code-row.ts';
import { fail } from '../../lib/errors.ts';
import type { CodeLimits, SourceReason } from '../../policies/altered.ts';
import { beyondBaseline } from '../../policies/baseline.ts';
import { readBaseline, writeBaseline } from './baseline-file.ts';
import { type Collected, rangeChanges, stagedChanges, workTreeChanges } from './changes.ts';
import { fileChanges, folderTree } from './files.ts';
import { gitIn, workTree } from './git.ts';
import { githubLines } from './github.ts';
import { checkRules, type GivenLimits } from './limits.ts';
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
  readonly format: 'human' | 'json' | 'sarif' | 'github';
  readonly quiet?: boolean;
  /** A file of findings that were there before, and may not become worse. */
  readonly baseline?: string;
  /** A file to write the findings to, in place of refusing them. */
  readonly writeBaseline?: string;
}

/** Streams for data and for messages. */
export interface Output {
  readonly data: (text: string) => void;
  readonly talk: (text: string) => void;
}

/**
 * Checks with `analyser` and reports. Resolves to the exit code: 0, or 4 when anything is refused. Throws `cli.usage`,
 * `plan.invalid`, `check.baseline`, `source.busy`.
 */
export async function runCheck(request: CheckRequest, output: Output, analyser: Analyser): Promise<number> {
  const { cwd, given, baseline, writeBaseline: written } = request;
  const root = await workTree(cwd);
  const { limits, rules } = await checkRules(given, root ?? cwd, Date.now());
  const { changes, tree } = await collect(request, root);
  const known = baseline === undefined ? undefined : await readBaseline(cwd, baseline);
  const { reasons: all, unmeasured } = await judgeSources(analyser, changes, rules, tree);
  if (written !== undefined) return keepBaseline(written, request, output, all);
  const files = changes.filter(({ after }) => after !== undefined).length;
  const reasons = known === undefined ? all : beyondBaseline(all, known);
  report(request, output, { files, limits, reasons, unmeasured });
  return reasons.length === 0 ? exitCodes.ok : exitCodes.refused;
}

interface CheckReport {
  readonly files: number;
  readonly limits: CodeLimits;
  readonly reasons: readonly SourceReason[];
  readonly unmeasured: readonly UnmeasuredFile[];
}

function report({ format, quiet }: CheckRequest, output: Output, found: CheckReport): void {
  const { files, limits, reasons, unmeasured } = found;
  if (format === 'sarif') output.data(JSON.stringify(toSarif(reasons), undefined, 2));
  else if (format === 'json') output.data(JSON.stringify({ ok: reasons.length === 0, ...found }));
  else for (const line of format === 'github' ? githubLines(reasons) : humanLines(reasons)) output.data(line);
  if (quiet === true) return;
  for (const line of unmeasuredLines(unmeasured)) output.talk(`andon check: ${line}`);
  output.talk(summary(files, reasons, limits));
}

async function keepBaseline(
  file: string,
  { cwd, format, quiet }: CheckRequest,
  output: Output,
  reasons: readonly SourceReason[],
): Promise<number> {
  await writeBaseline(cwd, file, reasons);
  const files = new Set(reasons.map(({ at }) => at.path)).size;
  if (format !== 'human') output.data(JSON.stringify({ baseline: file, findings: reasons.length, files }));
  else if (quiet !== true)
    output.talk(`andon check: wrote ${file}: ${reasons.length} findings in ${files} files`);
  return exitCodes.ok;
}

async function collect(request: CheckRequest, root: string | undefined): Promise<Collected> {
  const { paths, cwd } = request;
  const form = formOf(request);
  if (form === 'paths')
    return { changes: await fileChanges(paths, cwd, root ?? cwd), tree: folderTree(root ?? cwd) };
  if (root === undefined)
    throw fail('cli.usage', 'andon check', { found: 'no git work tree', next: 'name files' });
  return collectChanges(request, form, root);
}

async function collectChanges(
  { paths, cwd, range = '' }: CheckRequest,
  form: Form,
  root: string,
): Promise<Collected> {
  if (form === '--staged') return stagedChanges(gitIn(root));
  if (form === '--range') return rangeChanges(gitIn(root), range);
  const changes = await workTreeChanges(gitIn(paths.length === 0 ? root : cwd), root, paths);
  return { changes, tree: folderTree(root) };
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
