import type { IncomingMessage } from 'node:http';
import { fail } from '../../../lib/errors.ts';

/** Service of git on the side of the server. */
export type PackService = 'upload-pack' | 'receive-pack';

/** A request of the git smart HTTP protocol (gitprotocol-http), read and verified. */
export interface GitRequest {
  readonly project: string;
  readonly service: PackService;
  /** The first request of a pair asks for refs, the second does the work. */
  readonly step: 'advertise' | 'serve';
  /** GIT_PROTOCOL of the service: `version=2`. */
  readonly protocol?: string;
  readonly gzip: boolean;
}

const pathPattern =
  /^\/git\/([A-Za-z0-9][A-Za-z0-9._-]{0,99})\.git\/(info\/refs|git-upload-pack|git-receive-pack)$/;

/** Reads method, path and headers. Throws `git.protocol`, or `request.path` for a path outside of `/git`. */
export function readGitRequest(req: IncomingMessage): GitRequest {
  const { project, endpoint, query } = readPath(req.url ?? '/');
  const step = endpoint === 'info/refs' ? 'advertise' : 'serve';
  const service = serviceOf(step === 'advertise' ? query.get('service') : endpoint);
  if (service === undefined) throw fail('git.protocol', endpoint, { found: 'no smart HTTP service' });
  requireMethod(req, step === 'advertise' ? 'GET' : 'POST');
  if (step === 'serve') requireType(req, service);
  const protocol = protocolOf(req, service);
  return { project, service, step, ...(protocol !== undefined && { protocol }), gzip: isGzip(req) };
}

function readPath(target: string): { project: string; endpoint: string; query: URLSearchParams } {
  const [path = '', search = ''] = target.split('?', 2);
  const [, project, endpoint] = pathPattern.exec(path) ?? [];
  if (project === undefined || endpoint === undefined) throw fail('request.path', path.slice(0, 120));
  return { project, endpoint, query: new URLSearchParams(search) };
}

function requireMethod(req: IncomingMessage, limit: string): void {
  const found = req.method ?? 'none';
  if (found !== limit) throw fail('request.method', 'git', { found, limit });
}

function serviceOf(name: string | null): PackService | undefined {
  if (name === 'git-upload-pack') return 'upload-pack';
  return name === 'git-receive-pack' ? 'receive-pack' : undefined;
}

/**
 * Requires git's content type: a browser cannot send it across origins without asking first, so a page cannot
 * push by a form.
 */
function requireType(req: IncomingMessage, service: PackService): void {
  const wanted = `application/x-git-${service}-request`;
  const found = req.headers['content-type'] ?? 'none';
  if (found !== wanted)
    throw fail('git.protocol', 'content-type', { found: found.slice(0, 80), limit: wanted });
}

function isGzip(req: IncomingMessage): boolean {
  const encoding = req.headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') return false;
  if (encoding === 'gzip' || encoding === 'x-gzip') return true;
  throw fail('git.protocol', 'content-encoding', { found: encoding.slice(0, 40), limit: 'gzip' });
}

/** Version 2 does not exist for pushes; git itself falls back when it is offered. */
function protocolOf(req: IncomingMessage, service: PackService): string | undefined {
  const value = req.headers['git-protocol'];
  if (typeof value !== 'string' || !/^[a-z0-9=:._-]{1,64}$/.test(value)) return undefined;
  return service === 'receive-pack' && value.includes('version=2') ? undefined : value;
}
