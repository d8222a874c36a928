import type { Page } from 'playwright-core';
import { builtPage } from './browser.ts';
import { answer } from './cli.ts';
import { type Line, type LineOptions, openLine } from './line.ts';

/** A gateway with one project, that serves the page. */
export async function openPageLine(options: LineOptions): Promise<Line> {
  const pageFolder = await builtPage();
  return openLine('pglite', { ...options, config: { ...options.config, pageFolder } });
}

/** The address that `andon open` prints, by the program itself: under the owner's grant, or that of a token in a file. */
export async function openUrl(line: Line, tokenFile = line.app.owner.file): Promise<string> {
  const env = { ANDON_URL: line.url, ANDON_TOKEN_FILE: tokenFile, ANDON_PROJECT: line.project };
  const { url } = await answer<{ url: string }>(['open', '--no-browser'], { env });
  return url;
}

/** Opens the page by `andon open`, and waits until its facts are there. */
export async function signIn(page: Page, line: Line, path = '', tokenFile?: string): Promise<void> {
  await page.goto(await openUrl(line, tokenFile));
  await page.locator('.fresh', { hasText: 'live' }).waitFor();
  if (path !== '') {
    await page.goto(`${line.url}${path}`);
    await page.locator('.fresh', { hasText: 'live' }).waitFor();
  }
}
