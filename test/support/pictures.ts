import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pixelmatch from 'pixelmatch';
import type { Page } from 'playwright-core';
import { PNG } from 'pngjs';

const folder = fileURLToPath(new URL('../page/pictures/', import.meta.url));
const madeByFile = join(folder, 'made-by.json');
/** With `ANDON_PICTURES_ACCEPT=1` the pictures are made anew, for whoever has changed the look. */
export const isAccepting = process.env.ANDON_PICTURES_ACCEPT === '1';

/** The things that pictures of equal pages differ by: the system with its fonts, and the browser. */
export interface Maker {
  readonly system: string;
  readonly browser: string;
}

/** This machine, with its browser of a version such as `156.0.1.2`. */
export function makerHere(browserVersion: string): Maker {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  const [, id = ''] = /^ID="?([^"\n]*)/m.exec(release) ?? [];
  const [, version = ''] = /^VERSION_ID="?([^"\n]*)/m.exec(release) ?? [];
  return { system: `${id} ${version}`, browser: browserVersion.split('.')[0] ?? '' };
}

/** The reason that pictures of this machine cannot be compared with the kept ones; undefined where they can. */
export function whyNoComparison(here: Maker): string | undefined {
  if (isAccepting) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(madeByFile, `{ "system": "${here.system}", "browser": "${here.browser}" }\n`);
    return undefined;
  }
  const made = JSON.parse(readFileSync(madeByFile, 'utf8')) as Maker;
  const isSame = made.system === here.system && made.browser === here.browser;
  return isSame
    ? undefined
    : `pictures were made on ${made.system} with Chromium ${made.browser}, and here is ${here.system} with ${here.browser}`;
}

/** A script of the page that replaces the texts that no two runs share: ids, hashes, hours, ages. */
const steadyTexts = String.raw`
  const patterns = [
    [/\b([a-z]{3})_[0-9a-z]{8,26}\b/g, '$1_00000000'],
    [/\b(?=[a-f]*\d)[0-9a-f]{7,40}\b/g, '0000000'],
    [/\b\d\d:\d\d:\d\d\b/g, '00:00:00'],
    [/\b\d+(?:\.\d+)?(?:ms|[smhd])(?: \d+[smhd])?\b/g, '1m 0s'],
  ];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    const after = patterns.reduce((text, [pattern, word]) => text.replaceAll(pattern, word), node.nodeValue);
    if (after !== node.nodeValue) node.nodeValue = after;
  }
`;

/** A picture of the page with steady texts and fonts; the page needs `bypassCSP`. */
async function take(page: Page): Promise<Buffer> {
  await page.evaluate(steadyTexts);
  return page.screenshot({
    animations: 'disabled',
    caret: 'hide',
    style: ':root { --sans: "DejaVu Sans"; --mono: "DejaVu Sans Mono"; } .fresh { visibility: hidden; }',
  });
}

/** The share of pixels in which two pictures differ; 1 for pictures of different sizes. */
function differenceOf(one: Buffer, other: Buffer): { share: number; picture: Buffer } {
  const [a, b] = [PNG.sync.read(one), PNG.sync.read(other)];
  if (a.width !== b.width || a.height !== b.height) return { share: 1, picture: other };
  const out = new PNG({ width: a.width, height: a.height });
  const count = pixelmatch(a.data, b.data, out.data, a.width, a.height, { threshold: 0.1 });
  return { share: count / (a.width * a.height), picture: PNG.sync.write(out) };
}

const tries = 5;

/**
 * The share of pixels in which the page differs from its kept picture. A clock of the page may tick between the
 * steadying of texts and the picture, so the best of a few counts. The difference is left in a file, which is named.
 */
export async function differenceFrom(
  page: Page,
  name: string,
  shareMax: number,
): Promise<{ share: number; left?: string }> {
  const file = join(folder, `${name}.png`);
  if (isAccepting) {
    writeFileSync(file, await take(page));
    return { share: 0 };
  }
  const wanted = readFileSync(file);
  let best = differenceOf(wanted, await take(page));
  for (let again = 1; again < tries && best.share > shareMax; again++) {
    const next = differenceOf(wanted, await take(page));
    if (next.share < best.share) best = next;
  }
  if (best.share <= shareMax) return { share: best.share };
  const left = join(tmpdir(), `andon-picture-${name}.png`);
  writeFileSync(left, best.picture);
  return { share: best.share, left };
}
