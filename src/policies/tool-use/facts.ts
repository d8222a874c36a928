import type { Capability } from '../../tiers/capability.ts';

/** A tool that an agent's program is about to use, as it asks for permission. */
export interface ToolUse {
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** What a permission is decided by. */
export interface ToolFacts {
  readonly cap: Capability;
  /** Absolute path of the clone as the agent's program sees it; undefined when nobody said. */
  readonly clone: string | undefined;
  /** Absolute path of the folder of its run, where its verdict, its inbox and its scratch files lie, if it has one. */
  readonly runFolder?: string | undefined;
  /** Host and port of the gateway: its repositories are no foreign network. */
  readonly gatewayHost: string;
  /** Whether whoever started the agent opened the network to it. */
  readonly network: boolean;
}
