import { afterAll, beforeAll, expect, test } from 'vitest';
import { branch, commit, git, must, startServer, type TestServer } from '../../support/git-server.ts';

let server: TestServer;
let work: string;
beforeAll(async () => {
  server = await startServer();
  work = await server.clone('work');
});
afterAll(() => server.close());

test('a commit inside the scope is pushed and nothing else moves', async () => {
  const oid = await commit(work, { 'src/cart/add.ts': 'export const add = 2;\n' });
  const pushed = await git(work, ['push', '-q', 'origin', `HEAD:${branch}`]);
  expect(pushed).toMatchObject({ code: 0 });
  expect(await server.refs()).toContain(`refs/heads/${branch} ${oid}`);
});
test('a commit outside the scope is refused in readable lines', async () => {
  await must(work, ['switch', '-q', '-c', 'evil', 'origin/main']);
  await commit(work, { 'src/pay/charge.ts': 'export const charge = 0;\n' });
  const pushed = await git(work, ['push', 'origin', `HEAD:${branch}2`]);
  console.log(pushed.err, server.troubles);
  expect(pushed.code).not.toBe(0);
});
