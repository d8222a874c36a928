import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { checkoutTree } from '../../git/checkout.ts';
import { type FileReader, fileReader } from '../../git/files-at.ts';
import { leftOutOf } from '../../git/left-out.ts';
import { directTo } from '../../git/loopback-remote.ts';
import { createGitRunner, type GitRunner } from '../../git/runner.ts';
import { ownSpawner } from '../../git/spawn/own-spawner.ts';
import { createRunProxy, type RunProxy } from '../proxy/run-proxy.ts';
import type { GateGateway } from './gate-gateway.ts';
import type { GateOrder } from './gate-order.ts';

const fetchMs = 10 * 60_000;

/**
 * The candidates that a runner has fetched: a bare repository for each project, which later candidates are fetched into, so
 * that only what is new goes over the network. git never holds the token: it asks a proxy of this process, which adds the
 * token on a connection whose listener has proved the key of the gateway.
 */
export class Candidates {
  readonly #folder: string;
  readonly #gateway: GateGateway;
  readonly #git: GitRunner;
  readonly #proxy: RunProxy;
  /** Stands for the token in what git sends to the proxy. */
  readonly #placeholder = randomBytes(24).toString('hex');
  /** Projects whose repository this process has made. */
  readonly #made = new Set<string>();
  #token = '';
  #port: Promise<number> | undefined;
  /** The last fetch; the next one waits for it. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(gateway: GateGateway, folder: string, path: string | undefined) {
    this.#gateway = gateway;
    this.#folder = folder;
    this.#git = createGitRunner(path === undefined ? { spawner: ownSpawner } : { spawner: ownSpawner, path });
    this.#proxy = createRunProxy({
      gateway,
      network: [],
      token: () => this.#token,
      isOwn: (token) => token === this.#placeholder,
      heard: () => undefined,
    });
  }

  /** Brings the candidate of an order here, and verifies that it has the tree that the gate is about. */
  async fetch(order: GateOrder, abort: AbortSignal): Promise<void> {
    const fetched = this.#last.then(() => this.#fetch(order, abort));
    this.#last = fetched.catch(() => undefined);
    await fetched;
  }

  async #fetch({ project, candidate, tree }: GateOrder, abort: AbortSignal): Promise<void> {
    const gitDir = this.#gitDir(project);
    if (!this.#made.has(project)) {
      await mkdir(gitDir, { recursive: true, mode: 0o700 });
      await this.#git.must(['init', '--quiet', '--bare', gitDir], { cwd: this.#folder });
      this.#made.add(project);
    }
    let found = await this.#treeOf(gitDir, candidate);
    if (found === undefined) {
      await this.#ask(project, gitDir, candidate, abort);
      found = await this.#treeOf(gitDir, candidate);
    }
    if (found !== tree) throw new Error(`${candidate} has another tree than the gate is about`);
  }

  /** The tree of a commit that is here; undefined for any other. */
  async #treeOf(gitDir: string, commit: string): Promise<string | undefined> {
    const { code, stdout } = await this.#git.run(['rev-parse', '--quiet', '--verify', `${commit}^{tree}`], {
      gitDir,
    });
    return code === 0 ? stdout.toString('latin1').trim() : undefined;
  }

  async #ask(project: string, gitDir: string, commit: string, abort: AbortSignal): Promise<void> {
    this.#port ??= this.#proxy.listen();
    const url = `http://127.0.0.1:${await this.#port}`;
    this.#token = await this.#gateway.token();
    const config = {
      [`http.${url}/.extraHeader`]: `Authorization: Bearer ${this.#placeholder}`,
      ...Object.fromEntries(directTo(url)),
      'gc.auto': '0',
    };
    // The ref lets the next fetch tell what is here already.
    const args = [
      'fetch',
      '--quiet',
      '--no-tags',
      '--no-write-fetch-head',
      '--',
      `${url}/git/${project}.git`,
    ];
    const options = { gitDir, config, timeoutMs: fetchMs, abort };
    await this.#git.must([...args, `+${commit}:refs/gates/last`], options);
  }

  checkout(project: string, commit: string, folder: string): Promise<void> {
    return checkoutTree({ runner: this.#git, gitDir: this.#gitDir(project), commit, folder });
  }

  /** Single files of the commits that were fetched. */
  files(project: string): FileReader {
    return fileReader({ runner: this.#git, gitDir: this.#gitDir(project) });
  }

  /** Words of what Andon does not serve of a commit that was fetched. */
  leftOut(project: string, commit: string): Promise<string[]> {
    return leftOutOf(this.#git, this.#gitDir(project), commit);
  }

  #gitDir(project: string): string {
    return join(this.#folder, `${project}.git`);
  }

  async close(): Promise<void> {
    await this.#last;
    this.#proxy.close();
    await this.#git.close();
  }
}
