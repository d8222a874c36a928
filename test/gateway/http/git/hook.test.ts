import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answer, readOffer } from '../../../../src/gateway/http/git/conversation.ts';
import { installHook } from '../../../../src/gateway/http/git/hook.ts';
import { gather } from '../../../../src/git/runner.ts';
import { createSpawner } from '../../../../src/git/spawn/spawner.ts';

const spawner = createSpawner();
const folder = mkdtempSync(join(tmpdir(), 'andon-hook-'));
beforeAll(() => installHook(folder));
afterAll(async () => {
  await spawner.close();
  rmSync(folder, { recursive: true });
});

const [none, oid] = ['0'.repeat(40), 'a'.repeat(40)];

/** Starts the hook as receive-pack does, and lets `reply` answer it. */
async function runHook(reply: (to: NodeJS.WritableStream) => void) {
  const env = { GIT_OBJECT_DIRECTORY: '/q', GIT_ALTERNATE_OBJECT_DIRECTORIES: '/o', PATH: '/nonexistent' };
  const child = await spawner.start({
    file: join(folder, 'pre-receive'),
    args: [],
    cwd: '/',
    env,
    stdin: true,
    talk: true,
  });
  child.stdin?.end(`${none} ${oid} refs/heads/a\n${oid} ${none} refs/heads/b\n`);
  if (child.from3 === undefined || child.to4 === undefined) throw new Error('no talk');
  const said = gather(child.stderr);
  const offer = await readOffer(child.from3);
  child.to4.on('error', () => undefined);
  reply(child.to4);
  return { offer, code: (await child.exited).code, said: (await said).toString() };
}

test('the hook tells quarantine and refs, and accepts when told so', async () => {
  const { offer, code, said } = await runHook((to) => answer(to as never, true, []));
  expect(offer).toEqual({
    quarantine: { GIT_OBJECT_DIRECTORY: '/q', GIT_ALTERNATE_OBJECT_DIRECTORIES: '/o' },
    updates: [
      { oldOid: none, newOid: oid, ref: 'refs/heads/a' },
      { oldOid: oid, newOid: none, ref: 'refs/heads/b' },
    ],
  });
  expect([code, said]).toEqual([0, '']);
});

test('the hook says what it is told, as it is, and refuses', async () => {
  const lines = ['  two  spaces', '$(touch x) `y` %s \\n -e', ''];
  const { code, said } = await runHook((to) => answer(to as never, false, lines));
  expect([code, said]).toEqual([1, `${lines.join('\n')}\n`]);
});

test.each([
  ['nothing', ''],
  ['half a line', 'accep'],
  ['a word it does not know', 'accept it\n'],
  ['a line that only starts right', 'say accept'],
])('a gateway that answers %s refuses', async (_what, text) => {
  const { code, said } = await runHook((to) => to.end(text));
  expect([code, said]).toEqual([1, expect.stringContaining('the gateway did not answer')]);
});
