import type { Capability } from '../../tiers/capability.ts';

/** A tool that an agent's program asks permission to use. */
export interface ToolUse {
  readonly tool: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** Facts that decide about a permission. */
export interface ToolFacts {
  readonly cap: Capability;
  /** Absolute path of the clone as the agent's program sees it; undefined when it is unknown. */
  readonly clone: string | undefined;
  /**
   * Absolute path of the folder of the agent's run, with its verdict, its inbox and its scratch files, if it
   * has one.
   */
  readonly runFolder?: string | undefined;
  /** Host and port of the gateway: its repositories are no foreign network. */
  readonly gatewayHost: string;
  /** True when the agent was started with the network open to it. */
  readonly network: boolean;
  /** True when the agent's profile refuses loads of whole folders. */
  readonly refusesFolders?: boolean | undefined;
}
