import { execFileSync } from 'node:child_process';
import { findProgram } from '../../src/sandbox/programs.ts';

/** A separate network on this machine, reached over one link that can be cut. */
export interface OtherNetwork {
  /** The address of this side of the link. */
  readonly address: string;
  /** Words before a command that make it run in the other network. */
  readonly inside: readonly string[];
  cut(): void;
  mend(): void;
  close(): void;
}

const ip = (...args: string[]): void =>
  void execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] });

/** The reason why no network can be made here; undefined when one can. */
export function whyNoNetwork(): string | undefined {
  if (process.getuid?.() !== 0) return 'it needs root';
  if (findProgram('ip', process.env.PATH ?? '') === undefined)
    return 'it needs iproute2 (apt-get install iproute2)';
  try {
    openNetwork(250).close();
    return undefined;
  } catch (error) {
    return `the kernel refuses: ${error instanceof Error ? error.message.split('\n').join(' ') : error}`;
  }
}

/** Makes a network namespace and a veth pair into it; `number`, 0 to 255, tells several apart. */
export function openNetwork(number = process.pid % 250): OtherNetwork {
  const name = `andon-${process.pid}-${number}`;
  const [here, there] = [`an${process.pid % 100_000}h${number}`, `an${process.pid % 100_000}t${number}`];
  const [address, other] = [`10.213.${number}.1`, `10.213.${number}.2`];
  ip('netns', 'add', name);
  try {
    ip('link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', name);
    ip('addr', 'add', `${address}/30`, 'dev', here);
    ip('link', 'set', here, 'up');
    ip('-n', name, 'addr', 'add', `${other}/30`, 'dev', there);
    ip('-n', name, 'link', 'set', there, 'up');
    ip('-n', name, 'link', 'set', 'lo', 'up');
  } catch (error) {
    ip('netns', 'del', name);
    throw error;
  }
  return {
    address,
    inside: ['ip', 'netns', 'exec', name],
    cut: () => ip('link', 'set', here, 'down'),
    mend: () => ip('link', 'set', here, 'up'),
    close: () => {
      // The pair would go with the namespace, but some time later.
      ip('link', 'del', here);
      ip('netns', 'del', name);
    },
  };
}
