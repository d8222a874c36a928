import { accessSync, constants, cpSync } from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
// @ts-expect-error: a script of the build, without types
import { buildPage, stateOfPage } from '../../scripts/build-page.mjs';
import { builtFolder } from './built.ts';
import { kept } from './kept.ts';

const names = ['chromium', 'chromium-browser', 'google-chrome'];

function found(): string | undefined {
  const candidates = (process.env.PATH ?? '')
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)));
  return [process.env.ANDON_CHROMIUM, ...candidates].find((file) => {
    if (file === undefined || file === '') return false;
    try {
      accessSync(file, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The browser of this machine: named by ANDON_CHROMIUM, or on the PATH. */
export const browserPath = found();

/** False, loudly, where no browser is: the tests of the page are left out. */
export function hasBrowser(): boolean {
  if (browserPath === undefined)
    console.log(
      'left out: the page in a browser, since no Chromium is on the PATH (ANDON_CHROMIUM names one)',
    );
  return browserPath !== undefined;
}

export const launchBrowser = (): Promise<Browser> => chromium.launch({ executablePath: browserPath ?? '' });

/** The folder of the page, built once for the present sources. */
export async function builtPage(): Promise<string> {
  const { folder, isThere, aside, keep } = kept('andon-page-', stateOfPage());
  if (isThere) return folder;
  const place = aside();
  await buildPage(place, place);
  keep(place);
  return folder;
}

/** The main file of the program in its shipped form, beside the built page. */
export async function mainWithPage(): Promise<string> {
  const [program, page] = [join(builtFolder(), 'program'), await builtPage()];
  const { folder, isThere, aside, keep } = kept(
    'andon-paged-',
    `${basename(dirname(program))}-${basename(page)}`,
  );
  if (!isThere) {
    const place = aside();
    cpSync(program, place, { recursive: true, verbatimSymlinks: true });
    cpSync(page, join(place, 'dist/page'), { recursive: true });
    keep(place);
  }
  return join(folder, 'dist/cli/main.js');
}

/** A context whose pages look the same on every machine, and which keeps what goes wrong in them. */
export interface Watched {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Violations of the content security policy, and uncaught errors. */
  readonly faults: string[];
}

export async function openContext(
  browser: Browser,
  options: Parameters<Browser['newContext']>[0] = {},
): Promise<Watched> {
  const context = await browser.newContext({
    reducedMotion: 'reduce',
    locale: 'en-GB',
    timezoneId: 'UTC',
    deviceScaleFactor: 1,
    viewport: { width: 1440, height: 900 },
    ...options,
  });
  const faults: string[] = [];
  const page = await context.newPage();
  page.on('console', (message) => {
    const text = message.text();
    if (/Content Security Policy|Trusted ?Type/i.test(text)) faults.push(text);
  });
  page.on('pageerror', (error) => faults.push(String(error)));
  return { context, page, faults };
}
