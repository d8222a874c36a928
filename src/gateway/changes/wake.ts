import type { Gateway } from '../services.ts';

/** The `after` of a procedure that lets work of its project go on: gates, landings, the queue. */
export const thenWake =
  (gateway: Gateway) =>
  <Answer>(answer: Answer, { project }: { readonly project: string }): Answer => {
    gateway.workers.wake(project);
    return answer;
  };
