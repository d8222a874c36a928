import { execFile } from 'node:child_process';
import { mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import { lockFolder } from '../../../src/store/pglite/folder-lock.ts';

const holder = join(import.meta.dirname, '../../../src/store/pglite/folder-lock.ts');

it('lets one process hold a folder, by whatever name, until it is released', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-lock-'));
  const other = `${folder}-link`;
  symlinkSync(folder, other);
  const release = await lockFolder(folder);
  await expect(lockFolder(other)).rejects.toMatchObject({ code: 'store.locked' });
  await release();
  await (await lockFolder(other))();
});

it('is released by the kernel when the holder is killed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'andon-lock-'));
  const script = `import(${JSON.stringify(holder)}).then(async ({ lockFolder }) => { await lockFolder(${JSON.stringify(folder)}); process.kill(process.pid, 'SIGKILL'); });`;
  await promisify(execFile)(process.execPath, ['--import', 'tsx', '-e', script]).catch(() => {});
  await (await lockFolder(folder))();
});
