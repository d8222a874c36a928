import type { ChildProcess } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { killGroup, killOne, terminate } from '../../process/terminate.ts';
import { killNow } from '../../sandbox/reap.ts';
import type { Containment } from '../../sandbox/sandbox.ts';
import { descendantsOf } from './start-agent.ts';

const killMs = 5_000;
const drainMs = 1_000;

export interface Exit {
  readonly code: number | null;
  readonly signal: string | null;
}

/** The process of an agent with everything that it starts. */
export class AgentProcess {
  readonly containment: Containment;
  /** Settles when the program itself has ended, and what it wrote last has come. */
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
   * Kills everything that was started: asked first, where there is a grace, then not any more. Nothing of it is alive when
   * this settles.
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

  /** To its group, or, behind bubblewrap, to everything in its process namespace. */
  async #askToEnd(): Promise<void> {
    const { pid } = this.#child;
    if (this.containment.kind !== 'bubblewrap' || pid === undefined) {
      killGroup(pid, 'SIGTERM');
      return;
    }
    for (const one of await descendantsOf(pid)) killOne(one, 'SIGTERM');
  }
}
