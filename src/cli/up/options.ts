import type { SandboxSetting } from '../../sandbox/run-gate.ts';

/** Options of `andon up`. */
export interface UpOptions {
  readonly port?: number;
  readonly host?: string;
  readonly hosts?: string[];
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly behindProxy?: boolean;
  readonly databaseUrl?: string;
  readonly sandbox?: SandboxSetting;
  readonly command?: string[];
  readonly webhookHost?: string[];
  readonly witness?: string[];
  readonly logLevel: string;
  /** Opens the page in the browser, once the gateway is ready. */
  readonly open?: boolean;
  /** The branch to adopt, at the first start. */
  readonly branch?: string;
  readonly runner?: boolean;
  readonly runs?: number;
  /** Gates at once in the gateway itself. */
  readonly gates?: number;
}
