import { withCauses } from '../lib/causes.ts';
import { type ExitName, exitCodes } from '../lib/code-row.ts';
import { codes, isCode } from '../lib/codes/index.ts';
import { type Reason, reason, valueWords } from '../lib/decision.ts';
import { AndonError, fail } from '../lib/errors.ts';
import { fileDenied } from '../lib/file-denied.ts';
import { asMachineFault } from '../lib/machine-fault.ts';
import { printable } from './printable.ts';
import type { Paint, Terminal } from './terminal.ts';

/** Turns any error of a call into one of the table: the gateway's refusal, its silence, or a defect. */
export function asAndonError(error: unknown): AndonError {
  const own = causes(error).find((one) => one instanceof AndonError);
  if (own !== undefined) return own;
  const given = reasonsOf(error);
  if (given !== undefined) return new AndonError(given, { cause: error });
  if (isAbort(error)) return fail('cli.cancelled', 'andon', {}, error);
  const lost = connectionFault(error);
  if (lost !== undefined) return fail('gateway.unreachable', 'gateway', { found: lost }, error);
  const known =
    fileDenied(error) ?? fileMisnamed(error) ?? asMachineFault(error, 'this machine', sayingOf(error));
  if (known instanceof AndonError) return known;
  return fail('internal', 'andon', { found: sayingOf(error), next: 'report this with what you did' }, error);
}

const codesOfMisnamed: ReadonlySet<unknown> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR']);

/** The refusal for a file or folder that is not there, or is the other of both; a program that is not there is another fault. */
function fileMisnamed(error: unknown): AndonError | undefined {
  const found = causes(error).find(isMisnamed);
  const next = 'name a file or folder that is there';
  return found && fail('cli.usage', found.path, { found: found.message, next }, error);
}

const isMisnamed = (error: Error): error is Error & { readonly path: string } =>
  codesOfMisnamed.has(member(error, 'code')) &&
  typeof member(error, 'path') === 'string' &&
  !String(member(error, 'syscall')).startsWith('spawn');

const sayingOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}`.slice(0, 500) : String(error);

const causes = (error: unknown): Error[] => withCauses(error).filter((one) => one instanceof Error);

const member = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;

const under = (value: unknown, ...names: string[]): unknown => names.reduce(member, value);

/** The reasons that a tRPC error carries, in its data or, when the refusal came before tRPC, in the body. */
function reasonsOf(error: unknown): [Reason, ...Reason[]] | undefined {
  const inData = under(error, 'data', 'andon', 'reasons');
  const raw = inData ?? under(error, 'meta', 'responseJSON', 'error', 'data', 'andon', 'reasons');
  if (!Array.isArray(raw)) return undefined;
  const [first, ...rest] = raw.flatMap(asReason);
  return first === undefined ? undefined : [first, ...rest];
}

// A gateway of another version may know codes that this program does not; they are shown unchanged.
function asReason(raw: unknown): Reason[] {
  const one = raw as Partial<Reason> | null;
  if (typeof one?.code !== 'string' || typeof one.subject !== 'string') return [];
  if (isCode(one.code)) return [{ ...reason(one.code, one.subject), ...one } as Reason];
  return [reason('internal', one.subject, { found: `unknown code ${one.code}`, next: one.next ?? '' })];
}

const isAbort = (error: unknown): boolean => error instanceof Error && error.name === 'AbortError';

const networkCodes =
  /^(ECONN|ENOTFOUND|EAI_|EHOST|ENET|EPIPE|ETIMEDOUT|UND_ERR|CERT_|DEPTH_ZERO|SELF_SIGNED|ERR_TLS|UNABLE_TO)/;

function connectionFault(error: unknown): string | undefined {
  const chain = causes(error);
  const code = chain.map((one) => String(member(one, 'code') ?? '')).find((one) => networkCodes.test(one));
  if (code !== undefined) return code;
  // fetch gives no details about, for example, a port that it never opens.
  return chain.some(({ message }) => message === 'fetch failed') ? 'fetch failed' : undefined;
}

/** The exit code of an error. */
const exitOf = (error: AndonError): number => exitCodes[exitNameOf(error)];

const exitNameOf = ({ code }: AndonError): ExitName => codes[code].exit;

/** All reasons, for people: code, subject, found, limit; then the next step. */
export function refusalLines(reasons: readonly Reason[], paint: Paint): string[] {
  const width = Math.max(...reasons.map(({ code }) => code.length));
  const lines = reasons.map((one) => {
    const code = paint('bad', one.code.padEnd(width));
    return `  ${code}  ${printable(one.subject)}  ${printable(detailWords(one))}`.trimEnd();
  });
  const steps = [...new Set(reasons.map(({ next }) => printable(next)))].filter((next) => next !== '');
  return [...lines, ...steps.map((next) => `  ${paint('strong', 'next:')} ${next}`)];
}

function detailWords(one: Reason): string {
  const values = valueWords(one);
  if (values === '') return `(${one.rule})`;
  return one.found === undefined ? `${values} (${one.rule})` : `found ${values} (${one.rule})`;
}

/** Prints an error and answers the exit code. With `--json` the reasons are data too. */
export function tellError(error: unknown, terminal: Terminal): number {
  const known = asAndonError(error);
  const exit = exitOf(known);
  if (terminal.json) {
    terminal.data(JSON.stringify({ error: { code: known.code, exit, reasons: known.reasons } }));
    return exit;
  }
  const count = known.reasons.length === 1 ? '1 reason' : `${known.reasons.length} reasons`;
  terminal.talk(`andon: ${words[exitNameOf(known)]} (${count})`);
  for (const line of refusalLines(known.reasons, terminal.paintTalk)) terminal.talk(line);
  return exit;
}

const words: Readonly<Record<ExitName, string>> = {
  ok: 'ok',
  failed: 'failed',
  usage: 'wrong use',
  cancelled: 'ended early',
  refused: 'refused',
  notFound: 'not found',
  conflict: 'conflict',
  stopped: 'the line is stopped',
  nothing: 'nothing ready',
  unreachable: 'no gateway',
};
