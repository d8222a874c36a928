import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { builtFolder } from '../support/built.ts';

const root = join(import.meta.dirname, '../..');

describe('the analyser, compiled', () => {
  it('starts its process and thread from JavaScript, and lets the caller end without closing it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'andon-compiled-'));
    try {
      symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
      writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
      symlinkSync(join(builtFolder(), 'dist'), join(folder, 'dist'));
      const code = `
        import { createAnalyser } from './dist/analysis/analyser.js';
        const found = await createAnalyser().measure([{ path: 'a.ts', content: 'a && b' }]);
        console.log(found[0].units[0].complexity);`;
      writeFileSync(join(folder, 'main.js'), code);
      const printed = execFileSync(process.execPath, [join(folder, 'main.js')], { timeout: 25_000 });
      expect(printed.toString()).toBe('2\n');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
