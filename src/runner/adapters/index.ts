import type { RunOrder } from '../protocol.ts';
import type { Adapter } from './adapter.ts';
import { claude } from './claude.ts';
import { codex } from './codex.ts';
import { command } from './command.ts';

/** Every kind of agent program that a runner can start. */
export const adapters: Readonly<Record<RunOrder['adapter'], Adapter>> = { command, claude, codex };
