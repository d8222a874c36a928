import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { builtPage } from '../support/browser.ts';

/** Bytes that the first screen may take on the way, compressed: the budget of the page. */
const firstBytesMax = 130_000;

describe('the built page', () => {
  it('loads its first screen in at most 130 kB of script and style, all from its own origin', async () => {
    const folder = await builtPage();
    const index = readFileSync(join(folder, 'index.html'), 'utf8');
    const named = [...index.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path = '']) => path);
    const first = named.filter((path) => /\.(?:js|css)$/.test(path));
    expect(first.length).toBeGreaterThan(1);
    expect(named.filter((path) => !path.startsWith('/') || path.startsWith('//'))).toEqual([]);
    const bytes = first.reduce((sum, path) => sum + statSync(join(folder, `${path}.gz`)).size, 0);
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).length;
    console.log(`first screen: ${bytes} bytes in gzip, ${first.length} files of ${files}`);
    expect(bytes).toBeLessThan(firstBytesMax);
  });
});
