import { randomBytes } from 'node:crypto';
import { appendFileSync, cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginesOf } from '../support/engines.ts';
import { mustGit, startTestGateway, type TestGateway, write } from '../support/gateway.ts';
import { type GitClient, gitAs, mustGitAs } from '../support/git-client.ts';
import { waitUntil } from '../support/wait.ts';

/** Sources by others: packages that npm has installed. */
interface Package {
  readonly name: string;
  /** Folder that the agent may write to. */
  readonly folder: string;
  /** A file in that folder that gets a real edit, and one that the agent tries to rename. */
  readonly edited: string;
  readonly renamed: string;
  /** A file outside. */
  readonly outside: string;
}

const packages: readonly Package[] = [
  {
    name: 'commander',
    folder: 'lib',
    edited: 'lib/error.js',
    renamed: 'lib/option.js',
    outside: 'package.json',
  },
  {
    name: 'zod',
    folder: 'src/v4/core',
    edited: 'src/v4/core/regexes.ts',
    renamed: 'src/v4/core/doc.ts',
    outside: 'src/v4/mini/index.ts',
  },
];

const sourceOf = (name: string): string =>
  fileURLToPath(new URL(`../../node_modules/${name}`, import.meta.url));

/** A repository of the package's files with some history. */
async function repositoryOf(name: string): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), `andon-${name}-`));
  const source = sourceOf(name);
  await mustGit(folder, ['init', '-q', '-b', 'main']);
  const entries = readdirSync(source).sort();
  const third = Math.ceil(entries.length / 3);
  for (let start = 0; start < entries.length; start += third) {
    for (const entry of entries.slice(start, start + third))
      cpSync(join(source, entry), join(folder, entry), { recursive: true });
    await mustGit(folder, ['add', '-A']);
    await mustGit(folder, ['commit', '-q', '-m', `${name}, from ${entries[start]}`]);
  }
  return folder;
}

const planOf = ({ name, folder }: Package): string => `
version: 1
project: ${name}
done: landed
phases: [build]
tasks:
  code: { title: A function, phase: build, write: ["${folder}/**"] }
  docs: { title: Notes, phase: build, write: ["docs/**"] }
`;

const small = 'function halve(value) {\n  return value / 2;\n}\n';
const tangled = `function tangle(v) {\n${Array.from({ length: 9 }, (_, n) => `  if (v === ${n}) return ${n + 1};\n`).join('')}  return v;\n}\n`;

describe.each(enginesOf(import.meta.filename))('on sources of well-known packages, on %s', (engine) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway(engine);
  });
  afterAll(() => gateway.close());

  describe.each(packages)('$name', (real) => {
    const project = real.name;
    const folders: string[] = [];
    let coder: GitClient;
    let writer: GitClient;
    let reviewer: string;
    let clone: string;
    let shallow: string;
    let codeBranch: string;
    let docsBranch: string;

    const remote = (): string => `${gateway.url}/git/${project}.git`;
    const mint = async (agent: string, tier: 'implementer' | 'validator'): Promise<string> =>
      (await gateway.owner.token.mint.mutate({ project, agent, cap: { tier } })).token ?? '';
    const claim = async (token: string, task: string): Promise<string> =>
      (await gateway.client(token).task.claim.mutate({ project, task })).branch ?? '';
    const commit = async (client: GitClient, cwd: string, message: string): Promise<void> => {
      await mustGitAs(client, cwd, 'add', '-A');
      await mustGitAs(client, cwd, 'commit', '-q', '-m', message);
    };
    const land = async (client: GitClient, cwd: string, task: string): Promise<void> => {
      const head = await mustGitAs(client, cwd, 'rev-parse', 'HEAD');
      const submitted = await gateway
        .client(client.token)
        .change.submit.mutate({ project, task, epoch: 1, commit: head });
      const { change, tree } = submitted;
      await gateway.client(reviewer).verdict.approve.mutate({ project, change, tree });
      const state = async () => (await gateway.owner.change.show.query({ project, change })).state;
      await waitUntil(async () => (await state()) === 'landed');
    };

    beforeAll(async () => {
      const source = await repositoryOf(project);
      folders.push(source);
      const created = await gateway.owner.project.create.mutate({ project, source });
      expect(created.main).toBe(await mustGit(source, ['rev-parse', 'HEAD']));
      await gateway.owner.plan.put.mutate({ project, text: planOf(real) });
      const work = mkdtempSync(join(tmpdir(), 'andon-real-'));
      folders.push(work);
      const { url } = gateway;
      coder = { url, token: await mint('agent:coder', 'implementer'), show: 'bearer', protocol: 2 };
      writer = { url, token: await mint('agent:writer', 'implementer'), show: 'basic', protocol: 1 };
      reviewer = await mint('agent:reviewer', 'validator');
      codeBranch = await claim(coder.token, 'code');
      docsBranch = await claim(writer.token, 'docs');
      clone = join(work, 'clone');
      shallow = join(work, 'shallow');
      await mustGitAs(coder, work, 'clone', '-q', remote(), clone);
      await mustGitAs(writer, work, 'clone', '-q', '--depth', '1', remote(), shallow);
    });
    afterAll(() => {
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    });

    const refused = async (...said: string[]): Promise<void> => {
      const pushed = await gitAs(coder, clone, 'push', 'origin', `HEAD:${codeBranch}`);
      expect(pushed.code, pushed.err).not.toBe(0);
      for (const text of said) expect(pushed.err).toContain(text);
      await mustGitAs(coder, clone, 'reset', '-q', '--hard', 'origin/main');
    };

    it('clones whole with protocol 2 and shallow with protocol 1, and fsck finds nothing', async () => {
      expect(await mustGitAs(coder, clone, 'rev-list', '--count', 'HEAD')).toBe('3');
      expect(await mustGitAs(writer, shallow, 'rev-list', '--count', 'HEAD')).toBe('1');
      await mustGitAs(coder, clone, 'fsck', '--strict');
    });

    it('refuses an edit of a file outside the scope', async () => {
      appendFileSync(join(clone, real.outside), '\n');
      await commit(coder, clone, 'outside');
      await refused('scope.write', real.outside);
    });

    it('refuses a function that is too complex in a file that it may write', async () => {
      appendFileSync(join(clone, real.edited), tangled);
      await commit(coder, clone, 'tangled');
      await refused('complexity', real.edited, 'tangle', '10, limit 8');
    });

    it('refuses a rename, which deletes a file', async () => {
      await mustGitAs(coder, clone, 'mv', real.renamed, `${real.folder}/moved.ts`);
      await commit(coder, clone, 'renamed');
      await refused(real.renamed, 'delet');
    });

    it('accepts a real edit inside the scope, and it lands', async () => {
      appendFileSync(join(clone, real.edited), small);
      await commit(coder, clone, 'halve');
      await mustGitAs(coder, clone, 'push', '-q', 'origin', `HEAD:${codeBranch}`);
      await land(coder, clone, 'code');
      await mustGitAs(coder, clone, 'fetch', '-q');
      expect(await mustGitAs(coder, clone, 'show', `origin/main:${real.edited}`)).toContain('halve');
    });

    it('accepts non-ASCII names and a large file from a shallow clone', async () => {
      write(shallow, { 'docs/größe-日本.md': 'Maße\n' });
      writeFileSync(join(shallow, 'docs', 'film.bin'), randomBytes(20 * 1024 * 1024));
      await commit(writer, shallow, 'notes');
      await mustGitAs(writer, shallow, 'push', '-q', 'origin', `HEAD:${docsBranch}`);
    });

    it('accepts the merge of a main on which another landed meanwhile, and lands it', async () => {
      await mustGitAs(writer, shallow, 'fetch', '-q', 'origin', 'main');
      await mustGitAs(writer, shallow, 'merge', '-q', '--no-edit', 'FETCH_HEAD');
      await mustGitAs(writer, shallow, 'push', '-q', 'origin', `HEAD:${docsBranch}`);
      await land(writer, shallow, 'docs');
      await mustGitAs(coder, clone, 'fetch', '-q');
      const names = await mustGitAs(coder, clone, 'ls-tree', '-r', '--name-only', '-z', 'origin/main');
      expect(names.split('\0')).toContain('docs/größe-日本.md');
    });

    it('leaves no token in the clones', async () => {
      for (const [client, folder] of [
        [coder, clone],
        [writer, shallow],
      ] as const) {
        const settings = await mustGitAs(client, folder, 'config', '--local', '--list');
        expect(settings).not.toContain(client.token);
        expect(settings).toContain(remote());
      }
    });
  });
});
