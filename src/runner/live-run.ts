import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { defined } from '../lib/defined.ts';
import { LimitWatch } from '../sandbox/limit-watch.ts';
import { removeTree } from '../sandbox/remove-tree.ts';
import { type Containment, giveContainmentBack, takeContainment, userOf } from '../sandbox/sandbox.ts';
import { adapters } from './adapters/index.ts';
import { Inbox } from './output/inbox.ts';
import { LineReader, OutputFeed } from './output/output-feed.ts';
import { Redactor } from './output/redact.ts';
import { replaceSecret } from './prepare/plain-file.ts';
import { type Prepared, prepareRun } from './prepare/prepare-run.ts';
import { type RunFolder, readVerdictText, runFolderOf, writableOf } from './prepare/run-folder.ts';
import { AgentProcess, type Exit } from './process/agent-process.ts';
import { refuseUnfit } from './process/refuse-unfit.ts';
import { startAgent } from './process/start-agent.ts';
import type { BeatAnswer, ClaimedTask, EndCause, EndReport, RunOrder } from './protocol.ts';
import { createMetricsIntake } from './proxy/metrics-intake.ts';
import { createRunProxy, type RunProxy } from './proxy/run-proxy.ts';
import { reportContext, reportEnd } from './report-end.ts';
import type { LiveRunOptions } from './run-options.ts';
import { Heartbeat } from './supervise/heartbeat.ts';
import { Inspector } from './supervise/inspect.ts';
import { Watch } from './supervise/watch.ts';

const handOverMs = 15_000;
const tickMs = 250;
const graceMs = 5_000;

/** Calls that keep work going without advancing it. */
const keeping = /\/(task\.(claim|renew)|agent\.update|token\.renew)$|\/git-upload-pack$/;

/** One run on this machine, from the order to the report of its end. */
export class LiveRun {
  readonly #order: RunOrder;
  readonly #options: LiveRunOptions;
  readonly #place: RunFolder;
  readonly #abort = new AbortController();
  readonly #redactor = new Redactor();
  readonly #output = new OutputFeed(this.#redactor);
  readonly #tokens = new Set<string>();
  readonly #watch: Watch;
  readonly #inspector: Inspector;
  readonly #proxy: RunProxy;
  readonly #heart: Heartbeat;
  readonly #inbox: Inbox;
  #token: string;
  #expires: number;
  #task: ClaimedTask | undefined;
  #process: AgentProcess | undefined;
  #limits: LimitWatch | undefined;
  #containment: Containment | undefined;
  #wanted: { readonly cause: EndCause; readonly note: string; readonly graceMs: number } | undefined;
  #changes = 0;
  #isEnding = false;

  constructor(order: RunOrder, options: LiveRunOptions) {
    this.#order = order;
    this.#options = options;
    this.#place = runFolderOf(options.runs, order.id);
    this.#token = order.token;
    this.#expires = order.expires;
    this.#tokens.add(order.token);
    this.#redactor.add(order.token);
    for (const name of order.settings.pass) this.#redactor.add(options.outer[name] ?? '');
    this.#watch = new Watch(order.settings, order.maxMs, performance.now(), order.progress.kind);
    const { sandbox, hidden, users, runnerMark: marks, outer } = options;
    const { limits } = order;
    this.#inspector = new Inspector(this.#place, order, {
      ...{ sandbox, hidden, users, marks, limits, searchPath: outer.PATH },
    });
    this.#inbox = new Inbox(options.gateway, order.project, this.#place.inboxFile);
    this.#proxy = createRunProxy({
      gateway: options.gateway,
      network: order.settings.network,
      token: () => this.#token,
      isOwn: (token) => this.#tokens.has(token),
      heard: (call) => this.#heard(call),
      metrics: order.settings.usage === 'otel' ? this.#metrics() : undefined,
    });
    this.#heart = new Heartbeat({
      run: order.id,
      gateway: options.gateway,
      leaseMs: order.leaseMs,
      output: this.#output,
      expires: () => this.#expires,
      seen: () => this.#watch,
      follow: (answer) => this.#follow(answer),
      stop: (cause, note) => this.stop(cause, note),
    });
  }

  /**
   * Asks for the end of the run; the first request counts. The processes get `ownGraceMs` milliseconds to end
   * before they are killed.
   */
  stop(cause: EndCause, note: string, ownGraceMs = graceMs): void {
    if (this.#wanted !== undefined) return;
    // After the end of its lease the work belongs to another holder, so the processes are killed unasked.
    this.#wanted = { cause, note, graceMs: cause === 'lost_lease' ? 0 : ownGraceMs };
    this.#abort.abort();
  }

  /** Asks the gateway at once if the run shall end. */
  nudge(): void {
    this.#heart.nudge();
  }

  /** Runs to the end and reports the end. Never rejects. */
  async run(): Promise<void> {
    try {
      await this.#report(await this.#live());
    } finally {
      this.#proxy.close();
      if (!this.#options.keep) await removeTree(this.#place.folder);
      if (this.#containment !== undefined) await giveContainmentBack(this.#containment, this.#options.users);
    }
  }

  async #live(): Promise<EndReport> {
    const beating = this.#heart.go();
    try {
      await this.#start();
      const exit = await this.#untilEnded();
      return this.#ended('exited', exit, this.#wanted?.note, await readVerdictText(this.#place.verdictFile));
    } catch (error) {
      return this.#ended('spawn_failed', { code: null, signal: null }, messageOf(error));
    } finally {
      this.#heart.end();
      await this.#limits?.close();
      await Promise.all([this.#process?.kill(this.#wanted?.graceMs ?? graceMs), this.#inspector.close()]);
      await beating;
    }
  }

  #ended(
    cause: EndCause,
    { code, signal }: Exit,
    note: string | undefined,
    verdict: EndReport['verdict'] = { problem: 'missing' },
  ): EndReport {
    return {
      // A run that was told to end during its preparation did not fail to start.
      cause: this.#wanted?.cause ?? cause,
      exitCode: code,
      signal,
      verdict,
      usage: this.#watch.usage,
      output: [],
      ...defined({ note: note?.slice(0, 1500) }),
    };
  }

  async #start(): Promise<void> {
    const { gateway, launch, outer, runnerMark, sandbox, users } = this.#options;
    const containment = await takeContainment(outer.PATH, users);
    this.#containment = containment;
    refuseUnfit(containment, sandbox, this.#place.folder);
    const port = await this.#proxy.listen();
    const prepared = await prepareRun({
      ...{ order: this.#order, place: this.#place, gateway, containment, launch, outer, runnerMark },
      outside: `http://127.0.0.1:${port}`,
      abort: this.#abort.signal,
      claimed: (task) => {
        this.#task = task;
      },
      writeToken: () => this.#writeToken(),
    });
    if (this.#wanted !== undefined) throw new Error(this.#wanted.note);
    this.#watch.begun(this.#place.tree, prepared.program.input ?? '');
    this.#process = this.#begin(prepared, containment);
    const epoch = this.#task?.epoch ?? null;
    await gateway.start(this.#order.id, { sandbox: containment.kind, epoch }, this.#abort.signal);
  }

  #begin(prepared: Prepared, containment: Containment): AgentProcess {
    const { launch, hidden, visible } = this.#options;
    const [node = process.execPath] = launch;
    const { limits, id: mark } = this.#order;
    const [place, adopt] = [this.#place, this.#proxy.serve];
    const child = startAgent({ ...prepared, place, containment, limits, node, hidden, visible, adopt });
    this.#limits = new LimitWatch({
      ...{ limits, user: userOf(containment), pid: child.pid ?? 0, mark, folders: writableOf(place) },
      passed: (words) => this.stop('over_budget', words, 0),
    });
    return this.#attend(child, containment);
  }

  #attend(child: ChildProcess, containment: Containment): AgentProcess {
    const { isNoise, ...adapter } = adapters[this.#order.adapter];
    const reader = adapter.reader();
    const lines = new LineReader((line) => {
      this.#watch.heard(reader(line));
      if (isNoise?.(line) === false) this.#output.add(Buffer.from(`${line}\n`));
    });
    child.stdout?.once('end', () => lines.end());
    const print = (chunk: Buffer): void => {
      this.#watch.alive(performance.now());
      this.#output.add(chunk);
    };
    const stdout = (chunk: Buffer): void => {
      if (isNoise === undefined) print(chunk);
      else this.#watch.alive(performance.now());
      lines.add(chunk);
    };
    return new AgentProcess(child, { containment, mark: this.#order.id }, { stdout, stderr: print });
  }

  /**
   * Writes the token so that only the run can read it; replaces the file whole, so that no reader gets half a
   * token.
   */
  async #writeToken(): Promise<void> {
    const reader = this.#containment === undefined ? undefined : userOf(this.#containment);
    await replaceSecret(this.#place.tokenFile, `${this.#token}\n`, reader);
  }

  #heard({ changed, path }: { readonly changed: boolean; readonly path: string }): void {
    this.#watch.alive(performance.now());
    if (changed && !keeping.test(path)) this.#changes += 1;
  }

  /**
   * Printed and exported usage both count from the start of the run, so the larger one is right and no usage
   * counts twice.
   */
  #metrics(): ReturnType<typeof createMetricsIntake> {
    const isOwn = (token: string): boolean => this.#tokens.has(token);
    // An export is no sign of life: a program goes on exporting while it hangs.
    return createMetricsIntake({ isOwn, spent: (usage) => this.#watch.heard({ usage }) });
  }

  /** Watches until the process has ended, or has to. */
  async #untilEnded(): Promise<Exit> {
    const agent = this.#process;
    if (agent === undefined) return { code: null, signal: null };
    const over = new AbortController();
    void agent.exit.then(() => over.abort());
    const signal = AbortSignal.any([over.signal, this.#abort.signal]);
    while (!signal.aborted) {
      await this.#inspector.look(this.#watch, this.#changes);
      const breach = this.#watch.breach(performance.now());
      if (breach !== undefined) this.stop(breach.cause, breach.note);
      else await delay(tickMs, undefined, { signal }).catch(() => undefined);
    }
    await agent.kill(this.#wanted?.graceMs ?? graceMs);
    await this.#inspector.report(this.#watch);
    await this.#closeLimits();
    const exit = await Promise.race([agent.exit, delay(drainExitMs, { code: null, signal: 'SIGKILL' })]);
    return this.#wanted === undefined ? exit : { code: null, signal: null };
  }

  async #closeLimits(): Promise<void> {
    const words = await this.#limits?.close();
    if (words !== undefined) this.stop('over_budget', words);
  }

  async #follow({ stop, held, spent, token, expires }: BeatAnswer): Promise<void> {
    if (token !== undefined && expires !== null) {
      this.#tokens.add(token);
      this.#redactor.add(token);
      this.#token = token;
      this.#expires = expires;
      await this.#writeToken();
    }
    if (stop !== null) this.stop('stopped', `${stop.by}: ${stop.why}`);
    if (spent.length > 0) this.stop('over_budget', `spent: ${spent.join(', ')}`);
    if (this.#isOver(held)) this.#endSoon();
    if (this.#process !== undefined) await this.#inbox.fill(this.#token, this.#abort.signal);
  }

  /** True when the run no longer holds its task. */
  #isOver(held: BeatAnswer['held']): boolean {
    const task = this.#task;
    return task !== undefined && this.#order.settings.autoTerminate && !held.some(({ id }) => id === task.id);
  }

  /** Ends the run after the time to write its verdict. */
  #endSoon(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    setTimeout(() => this.stop('handed_over', 'its task was handed over'), handOverMs).unref();
  }

  async #report(report: EndReport): Promise<void> {
    const { gateway, say } = this.#options;
    this.#output.end();
    const output = this.#output.take();
    await reportContext(gateway, this.#order.id, this.#watch.context, (text) => this.#redactor.cover(text));
    await reportEnd(gateway, this.#order.id, { ...report, output }, say);
  }
}

const drainExitMs = 2_000;

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
