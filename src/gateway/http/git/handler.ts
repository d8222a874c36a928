import { realpath } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { dirname, join } from 'node:path';
import { PassThrough, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Repository } from '../../../git/repository.ts';
import type { GitRunner } from '../../../git/runner.ts';
import type { Child } from '../../../git/spawn/children.ts';
import type { Reason } from '../../../lib/decision.ts';
import { AndonError, fail, sentence } from '../../../lib/errors.ts';
import { limits } from '../../../lib/limits.ts';
import { asMachineFault } from '../../../lib/machine-fault.ts';
import { refusalLines } from '../../pushes/push-refusal.ts';
import { answer, type PushOffer, readOffer } from './conversation.ts';
import { createReport, type Report } from './report.ts';
import { type GitRequest, readGitRequest } from './request.ts';
import { announcement, feed, sendHead, startService } from './service.ts';

/** A push on the point of being accepted: its objects are in quarantine, no ref has moved. */
export interface Push<G> extends PushOffer {
  readonly project: string;
  readonly repository: Repository;
  readonly grant: G;
  /** Aborts when the pusher is gone or the time is over. */
  readonly abort: AbortSignal;
}

/** The judgement of a push: accepted or refused, with lines for the pusher's terminal. */
export interface Judgement {
  readonly ok: boolean;
  readonly lines?: readonly string[];
}

/** Services that the handler of git requests needs. */
export interface GitHandlerOptions<G> {
  readonly runner: GitRunner;
  /** Folder in which `installHook` put the hook. */
  readonly hooksDir: string;
  repository(project: string): Promise<Repository | undefined>;
  /** Throws an AndonError: 401 asks the client for a token, 403 is shown to the person. */
  authenticate(req: IncomingMessage, action: 'repo:fetch' | 'repo:push', project: string): Promise<G>;
  judge(push: Push<G>): Promise<Judgement>;
  /** Called with failures that the client is told little about. */
  trouble?(error: unknown): void;
  readonly pushBytesMax?: number;
  /** Time limit of one request from its first to its last byte, in milliseconds. */
  readonly timeoutMs?: number;
}

/** The outcome of one request, for the log of the caller. */
export interface GitOutcome {
  readonly status: number;
  readonly request?: GitRequest;
  readonly report?: Report;
}

// A fetch sends names of commits: some hundred thousand of them fit.
const fetchBytesMax = 16 * 1024 * 1024;
// Slack over git's own limit, so that git's refusal, which reaches the terminal, comes first.
const slackBytes = 16 * 1024 * 1024;
const graceMs = 2_000;

/** Serves clone, fetch and push of every project at `/git/<project>.git`. Answers every request, never rejects. */
export function createGitHandler<G>(options: GitHandlerOptions<G>) {
  return async (req: IncomingMessage, res: ServerResponse): Promise<GitOutcome> => {
    let request: GitRequest | undefined;
    try {
      request = readGitRequest(req);
      const action = request.service === 'receive-pack' ? 'repo:push' : 'repo:fetch';
      const grant = await options.authenticate(req, action, request.project);
      const repository = await options.repository(request.project);
      if (repository === undefined) throw fail('project.missing', request.project);
      const report = await serve(options, { req, res, request, repository, grant });
      return { status: res.statusCode, request, ...(report && { report }) };
    } catch (error) {
      const status = refuse(req, res, error);
      if (status >= 500) options.trouble?.(error);
      return { status, ...(request && { request }) };
    }
  };
}

interface Exchange<G> {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly request: GitRequest;
  readonly repository: Repository;
  readonly grant: G;
}

async function serve<G>(options: GitHandlerOptions<G>, exchange: Exchange<G>): Promise<Report | undefined> {
  const { req, res, request, repository } = exchange;
  const { runner, hooksDir, pushBytesMax = limits.pushBytesMax, timeoutMs = 10 * 60_000 } = options;
  const child = await startService({ runner, hooksDir, pushBytesMax, gitDir: repository.gitDir }, request);
  const abort = new AbortController();
  const stop = (): void => {
    abort.abort();
    child.kill(graceMs);
  };
  const timer = setTimeout(() => {
    stop();
    req.destroy();
  }, timeoutMs);
  res.once('close', () => res.writableFinished || stop());
  child.stderr.resume();
  try {
    const talk = converse(options, exchange, child, abort.signal);
    const { stream, report } = output(request, pushBytesMax);
    const bytesMax = request.service === 'receive-pack' ? pushBytesMax + slackBytes : fetchBytesMax;
    const fed =
      child.stdin &&
      feed(req, request.gzip, child.stdin, bytesMax).catch((error: unknown) => fault(error, stop));
    await Promise.all([send(child, stream, res, request), fed]);
    await Promise.all([talk, child.exited]);
    return report;
  } finally {
    clearTimeout(timer);
    // The hook's connections are not read to their ends, nor are those of a failed request.
    child.release();
  }
}

function fault(error: unknown, stop: () => void): never {
  stop();
  throw error;
}

function output(request: GitRequest, pushBytesMax: number): { stream: Transform; report?: Report } {
  const judged = request.service === 'receive-pack' && request.step === 'serve';
  return judged ? createReport(pushBytesMax) : { stream: new PassThrough() };
}

/**
 * Sends the output of the service. The head waits for the first byte, so that an earlier failure still has a
 * status.
 */
async function send(
  child: Child,
  stream: Transform,
  res: ServerResponse,
  request: GitRequest,
): Promise<void> {
  child.stdout.once('data', () => {
    if (res.headersSent) return;
    sendHead(res, request);
    if (request.step === 'advertise') res.write(announcement(request));
  });
  child.stdout.pause();
  const piped = pipeline(child.stdout, stream, res, { end: false });
  await piped;
  const { code } = await child.exited;
  if (res.headersSent) {
    res.end();
  } else if (code === 0) {
    sendHead(res, request);
    res.end();
  } else {
    throw fail('git.protocol', request.service, { found: `git gave up (exit ${code ?? 'by signal'})` });
  }
}

/** Reads the report of the hook, asks the judge, answers. Every failure refuses the push. */
async function converse<G>(
  options: GitHandlerOptions<G>,
  exchange: Exchange<G>,
  child: Child,
  abort: AbortSignal,
): Promise<void> {
  const { from3, to4 } = child;
  if (from3 === undefined || to4 === undefined) return;
  const { request, repository, grant } = exchange;
  try {
    const offer = await readOffer(from3);
    if (offer === undefined) {
      to4.destroy();
      return;
    }
    await requireQuarantine(offer, repository);
    const push = { ...offer, project: request.project, repository, grant, abort };
    const judgement = await options.judge(push);
    answer(to4, judgement.ok, judgement.lines ?? []);
  } catch (error) {
    answer(to4, false, refusalLines(request.project, reasonsOf(error, options.trouble)));
  }
}

/** The reasons of an error; an error without reasons is a defect of Andon, and goes to `trouble`. */
function reasonsOf(error: unknown, trouble: (error: unknown) => void = () => undefined): readonly Reason[] {
  if (error instanceof AndonError) return error.reasons;
  trouble(error);
  const known = asMachineFault(error, 'the gateway');
  return (known instanceof AndonError ? known : fail('internal', 'the judge')).reasons;
}

/** Refuses a push whose quarantine does not lie among the objects of the repository that it is pushed to. */
async function requireQuarantine({ quarantine }: PushOffer, { gitDir }: Repository): Promise<void> {
  const { GIT_OBJECT_DIRECTORY: folder } = quarantine;
  if (folder === undefined) return;
  const objects = join(await realpath(gitDir), 'objects');
  if (folder !== '' && dirname(await realpath(folder)) === objects) return;
  throw fail('git.protocol', 'pre-receive', { found: 'a quarantine elsewhere' });
}

const statusGone = 499;

function refuse(req: IncomingMessage, res: ServerResponse, error: unknown): number {
  if (res.destroyed) return statusGone;
  const known = error instanceof AndonError ? error : fail('internal', 'git');
  if (res.headersSent) {
    res.destroy();
    return known.status;
  }
  const text = `${known.reasons.map((one) => `andon: ${sentence(one)}`).join('\n')}\n`;
  res.writeHead(known.status, {
    'content-type': 'text/plain; charset=utf-8',
    ...(known.status === 401 && { 'www-authenticate': 'Basic realm="andon", charset="UTF-8"' }),
    // The connection ends without waiting for a body that is not read.
    connection: 'close',
  });
  res.end(text, () => req.destroy());
  return known.status;
}
