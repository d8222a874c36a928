import { isGateWaiting } from '../../changes/slots/work.ts';
import type { Session } from '../../store/store.ts';

/** Tells runners that are connected to this gateway that gates wait. */
export class GateBells {
  readonly #session: Session;
  readonly #ringers = new Map<string, Set<() => void>>();

  constructor(session: Session) {
    this.#session = session;
  }

  /** Calls back when gates of the project wait; answers a function that ends that. */
  hear(project: string, ring: () => void): () => void {
    const ringers = this.#ringers.get(project) ?? new Set();
    this.#ringers.set(project, ringers.add(ring));
    return () => {
      ringers.delete(ring);
      if (ringers.size === 0) this.#ringers.delete(project);
    };
  }

  /** Rings where somebody listens and a gate waits. */
  async ring(project: string): Promise<void> {
    const ringers = this.#ringers.get(project);
    if (ringers === undefined || !(await isGateWaiting(this.#session, project))) return;
    for (const ring of ringers) ring();
  }
}
