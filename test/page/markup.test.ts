import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const web = resolve(import.meta.dirname, '../../web');
/** Ways from a text to markup or script: none of them is in the page, so that no text of an agent becomes either. */
const ways =
  /\b(?:innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|setHTMLUnsafe|parseHTMLUnsafe|srcdoc|srcDoc|DOMParser|createContextualFragment|createPolicy|document\.write(?:ln)?|eval\(|new Function)/;

const waysIn = (text: string): string[] => [...text.matchAll(new RegExp(ways, 'g'))].map(([found]) => found);

describe('the sources of the page', () => {
  it('make no markup and no script of a text', () => {
    const files = readdirSync(web, { recursive: true, encoding: 'utf8' }).filter((name) =>
      /\.(?:tsx?|html)$/.test(name),
    );
    expect(files.length).toBeGreaterThan(40);
    const found = files.flatMap((name) =>
      waysIn(readFileSync(join(web, name), 'utf8')).map((way) => `${name}: ${way}`),
    );
    expect(found).toEqual([]);
    expect(waysIn('a.innerHTML = b; <p dangerouslySetInnerHTML />; a.insertAdjacentHTML(b)')).toHaveLength(3);
  });
});
