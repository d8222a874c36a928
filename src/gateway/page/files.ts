import { readdir, readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { extname, join } from 'node:path';
import { pageHeaders } from './headers.ts';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};

interface PageFile {
  readonly type: string;
  readonly plain: Buffer;
  readonly br: Buffer | undefined;
  readonly gzip: Buffer | undefined;
}

/** The files of the page in memory, by their paths; empty where the page was not built. */
export type PageFiles = ReadonlyMap<string, PageFile>;

/** Reads the built page: all of it is smaller than one picture. */
export async function readPageFiles(folder: string): Promise<PageFiles> {
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  const files = new Map<string, PageFile>();
  for (const name of names) {
    const type = types[extname(name)];
    if (type === undefined) continue;
    const read = (ending: string) => readFile(join(folder, `${name}${ending}`)).catch(() => undefined);
    const [plain, br, gzip] = await Promise.all([readFile(join(folder, name)), read('.br'), read('.gz')]);
    files.set(`/${name}`, { type, plain, br, gzip });
  }
  return files;
}

/** Paths of the page's own router: all are answered by its one document. */
const screens = /^\/(?:mine|changes|cord|p\/[^/]+(?:\/.*)?|r\/[^/]+)?$/;

/** The form of a file that the client takes, and the name of its encoding. */
function formOf(
  file: PageFile,
  accepted: string,
): { body: Buffer; encoding: { 'content-encoding'?: string } } {
  if (file.br !== undefined && accepted.includes('br'))
    return { body: file.br, encoding: { 'content-encoding': 'br' } };
  if (file.gzip !== undefined && accepted.includes('gzip'))
    return { body: file.gzip, encoding: { 'content-encoding': 'gzip' } };
  return { body: file.plain, encoding: {} };
}

const methods: ReadonlySet<string | undefined> = new Set(['GET', 'HEAD']);

/** Answers a path of the page: a file for ever, or the document anew each time; false for a path of another kind. */
export function answerFile(
  files: PageFiles,
  req: IncomingMessage,
  res: ServerResponse,
  path: string,
): boolean {
  const name = screens.test(path) ? '/index.html' : path;
  const file = files.get(name);
  if (file === undefined || !methods.has(req.method)) return false;
  const { body, encoding } = formOf(file, String(req.headers['accept-encoding']));
  res.writeHead(200, {
    ...pageHeaders,
    'content-type': file.type,
    'content-length': body.length,
    'cache-control': name.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-store',
    vary: 'accept-encoding',
    ...encoding,
  });
  res.end(req.method === 'HEAD' ? undefined : body);
  return true;
}
