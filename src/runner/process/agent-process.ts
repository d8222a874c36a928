import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { killGroup, killOne, terminate } from '../../process/terminate.ts';
import { killNow } from '../../sandbox/reap.ts';
import type { Containment } from '../../sandbox/sandbox.ts';
import { descendantsOf } from './start-agent.ts';

const killMs = 5_000;
const drainMs = 1_000;

/** The end of a process: an exit code, or the signal that ended it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** The process of an agent, with every process that it starts. */
export class AgentProcess {
  readonly containment: Containment;
  /** Settles when the program itself has ended and its last output has arrived. */
  readonly exit: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #mark: string;

  constructor(
    child: ChildProcess,
    of: { containment: Containment; mark: string },
    heard: { stdout: (chunk: Buffer) => void; stderr: (chunk: Buffer) => void },
  ) {
    this.#child = child;
    this.#mark = of.mark;
    this.containment = of.containment;
    const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
    child.stdout?.on('data', heard.stdout);
    child.stderr?.on('data', heard.stderr);
    this.exit = new Promise((resolve) => {
      child.once('error', (error) => {
        heard.stderr(Buffer.from(`andon: ${error.message}\n`));
        resolve({ code: 127, signal: null });
      });
      child.once('exit', (code, signal) => {
        // A grandchild that holds the pipes open must not hold the run.
        void Promise.race([closed, delay(drainMs)]).then(() => resolve({ code, signal }));
      });
    });
  }

  /**
   * Kills every process of the agent: asks first when there is a grace, then kills. None is alive when this
   * call settles.
   */
  async kill(graceMs: number): Promise<void> {
    const isAlive = this.#child.exitCode === null && this.#child.signalCode === null;
    const ending = {
      ask: () => this.#askToEnd(),
      kill: () => killNow(this.#child, this.containment, this.#mark),
      ended: this.exit,
    };
    await terminate(ending, isAlive ? graceMs : 0);
    await Promise.race([this.exit, delay(killMs)]);
  }

  /** Signals the process group, or, under bubblewrap, every process in the namespace. */
  async #askToEnd(): Promise<void> {
    const { pid } = this.#child;
    if (this.containment.kind !== 'bubblewrap' || pid === undefined) {
      killGroup(pid, 'SIGTERM');
      return;
    }
    for (const one of await descendantsOf(pid)) killOne(one, 'SIGTERM');
  }
}
