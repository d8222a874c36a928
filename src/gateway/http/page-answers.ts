import type { IncomingMessage, ServerResponse } from 'node:http';
import { fail } from '../../lib/errors.ts';
import type { PageHttp } from './page.ts';
import { refuse, text } from './plain.ts';

/** A file of the page, or the refusal of a path that nothing serves. */
export async function answerPageFile(
  page: PageHttp,
  req: IncomingMessage,
  res: ServerResponse,
  { path }: { path: string },
): Promise<void> {
  if (!(await page.answerFile(req, res, path))) refuse(res, fail('request.path', path.slice(0, 200)));
}

const banner = 'Andon gateway. See /livez, /readyz, /metrics, /trpc, /mcp, /git/<project>.git\n';

/** The page for browsers, and a line of text for every other client. */
export async function answerHome(page: PageHttp, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const isBrowser = req.headers.accept?.includes('text/html') === true;
  if (!isBrowser || !(await page.answerFile(req, res, '/'))) text(res, 200, banner);
}
