import { QueryClient, type UseQueryResult, useQuery } from '@tanstack/react-query';
import { onAgain, onHeard, useLive } from '../live/store.ts';
import { ask, type InputOf, type OutputOf, type Path } from './client.ts';

/** Answers of queries, until an event touches them. */
export const queries = new QueryClient({
  defaultOptions: { queries: { retry: false, staleTime: 60_000, refetchOnWindowFocus: false } },
});

/**
 * Asks a query once the facts are there, and again when an event touches its answer: the stream goes on behind the facts,
 * so that no event falls between an answer and the stream.
 */
export const useAsk = <P extends Path>(
  path: P,
  input: InputOf<P> & object,
  isWanted = true,
): UseQueryResult<OutputOf<P>> => {
  const isReady = useLive((now) => now.isReady);
  return useQuery<OutputOf<P>>({
    queryKey: [path, input],
    queryFn: () => ask(path, input),
    enabled: isWanted && isReady,
  });
};

/** Nouns of events, and the queries that they touch. */
const touches: Readonly<Record<string, readonly string[]>> = {
  change: ['page.mine', 'change.', 'gate.', 'page.preview'],
  cord: ['page.mine', 'cord.', 'page.preview'],
  gate: ['page.mine', 'change.', 'gate.', 'page.preview'],
  landing: ['change.'],
  lease: ['page.mine'],
  message: ['page.mine'],
  plan: ['page.mine', 'change.', 'page.preview'],
  question: ['page.mine', 'question.'],
  queue: ['change.'],
  run: ['page.mine', 'run.'],
  task: ['page.mine'],
  trigger: ['page.mine'],
  verdict: ['page.mine', 'change.', 'page.preview'],
};

const waitsMs = 400;
const touched = new Set<string>();
let timer: ReturnType<typeof setTimeout> | undefined;

function askAgain(): void {
  timer = undefined;
  const prefixes = [...touched];
  touched.clear();
  void queries.invalidateQueries({
    predicate: ({ queryKey: [path] }) => prefixes.some((prefix) => String(path).startsWith(prefix)),
  });
}

onHeard((events) => {
  for (const { type } of events)
    for (const prefix of touches[type.split('.')[0] ?? ''] ?? []) touched.add(prefix);
  if (touched.size > 0 && timer === undefined) timer = setTimeout(askAgain, waitsMs);
});

onAgain(() => void queries.invalidateQueries());
