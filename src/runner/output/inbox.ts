import { appendPlain } from '../prepare/plain-file.ts';
import type { RunnerGateway } from '../protocol.ts';

/** Messages to an agent, in the file that the agent reads: lines of JSON. */
export class Inbox {
  readonly #gateway: RunnerGateway;
  readonly #project: string;
  readonly #file: string;
  #last: string | undefined;

  constructor(gateway: RunnerGateway, project: string, file: string) {
    this.#gateway = gateway;
    this.#project = project;
    this.#file = file;
  }

  /** Appends the messages since the last call; adds none while the gateway is away. */
  async fill(token: string, signal: AbortSignal): Promise<void> {
    const fresh = await this.#gateway.messages(token, this.#project, this.#last, signal).catch(() => []);
    const last = fresh.at(-1);
    if (last === undefined) return;
    this.#last = last.id;
    const lines = fresh.map((message) => `${JSON.stringify(message)}\n`).join('');
    await appendPlain(this.#file, lines).catch(() => undefined);
  }
}
