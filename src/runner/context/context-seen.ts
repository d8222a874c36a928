import type { LoadKind } from './context-report.ts';

/** Something about its context that an agent's program has shown in its output. */
export type ContextSeen =
  | {
      readonly what: 'loaded';
      readonly kind: LoadKind;
      readonly source: string;
      readonly why: string;
      readonly text: string;
    }
  /** Text that the model has written: words, commands, content of files. */
  | { readonly what: 'said'; readonly text: string }
  | { readonly what: 'edited'; readonly path: string }
  /** Input tokens of one answer of the model. */
  | { readonly what: 'sized'; readonly tokens: number };
