import { Transform } from 'node:stream';
import { lockedRef } from '../../../git/refs.ts';
import { type Reason, reason } from '../../../lib/decision.ts';
import { saidFault } from '../../../lib/machine-fault.ts';
import { refusalLines } from '../../pushes/push-refusal.ts';

/** The outcome of a push, as git's own report states it. */
export interface Report {
  /** Refs that moved. */
  readonly moved: string[];
  /** Reasons of git itself (not of the judge), such as a broken object. */
  readonly reasons: Reason[];
}

const textBytesKept = 8 * 1024;

/**
 * Passes the answer of receive-pack on and reads along (gitprotocol-pack, report-status within
 * side-band-64k). When git itself refuses, the pusher gets lines in the form of every other refusal before
 * git's own report.
 */
export function createReport(pushBytesMax: number): { stream: Transform; report: Report } {
  const report: Report = { moved: [], reasons: [] };
  let said = '';
  const take = (packet: Buffer): Buffer[] => {
    const [band, text] = [packet[4], packet.toString('utf8', 5)];
    if (band === 2) said = (said + text).slice(-textBytesKept);
    if (band !== 1) return [packet];
    return [...readStatus(text, said, pushBytesMax, report).map(bandTwo), packet];
  };
  let split = createSplitter();
  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const { packets, plain } = split(chunk);
      for (const part of packets.flatMap(take)) this.push(part);
      if (plain !== undefined) {
        // An answer outside of side-band packets, which the client did not ask for, passes unchanged.
        this.push(plain);
        split = (rest) => ({ packets: [], plain: rest });
      }
      done();
    },
  });
  return { stream, report };
}

interface Split {
  readonly packets: readonly Buffer[];
  /** Bytes outside of side-band packets; none of the bytes after them are packets either. */
  readonly plain?: Buffer;
}

/** Cuts bytes into packets (gitprotocol-common, pkt-line); an incomplete packet waits for the next chunk. */
function createSplitter(): (chunk: Buffer) => Split {
  let pending: Buffer = Buffer.alloc(0);
  return (chunk) => {
    pending = Buffer.concat([pending, chunk]);
    const packets: Buffer[] = [];
    while (pending.length > 4 || pending.equals(flushPacket)) {
      const length = Number.parseInt(pending.toString('latin1', 0, 4), 16);
      if (!isBanded(length, pending[4])) return { packets, plain: pending };
      const end = Math.max(length, 4);
      if (pending.length < end) break;
      packets.push(pending.subarray(0, end));
      pending = pending.subarray(end);
    }
    return { packets };
  };
}

const flushPacket = Buffer.from('0000');

function isBanded(length: number, band = 0): boolean {
  if (Number.isNaN(length)) return false;
  return length <= 4 || band <= 3;
}

function bandTwo(line: string): Buffer {
  const body = Buffer.from(`\u0002${line}\n`, 'utf8');
  return Buffer.concat([Buffer.from((body.length + 4).toString(16).padStart(4, '0')), body]);
}

function readStatus(text: string, said: string, pushBytesMax: number, report: Report): string[] {
  const moved = [...text.matchAll(/[0-9a-f]{4}ok ([^\n]+)\n/g)].map(([, ref]) => String(ref));
  report.moved.push(...moved);
  const unpack = /unpack (?!ok)([^\n]+)\n/.exec(text)?.[1];
  if (unpack !== undefined) {
    report.reasons.push(unpackReason(said, unpack, pushBytesMax));
    return refusalLines('the pack', report.reasons.slice(-1));
  }
  return [...text.matchAll(/[0-9a-f]{4}ng (\S+) ([^\n]+)\n/g)].flatMap(([, ref, why]) =>
    readRefusal({ ref: String(ref), why: String(why), said }, report),
  );
}

interface RefusedRef {
  readonly ref: string;
  readonly why: string;
  /** git's messages before its report. */
  readonly said: string;
}

function readRefusal({ ref, why, said }: RefusedRef, report: Report): string[] {
  const known = refusedBy.find(([pattern]) => pattern.test(why))?.[1];
  const code = known ?? saidFault(said) ?? (lockedRef(said) === ref ? 'git.busy' : 'git.failed');
  if (code === 'judged') return [];
  const one = reason(code, ref, { found: why });
  report.reasons.push(one);
  return refusalLines(ref, [one]);
}

// git's answers for one ref, and the codes of Andon for them (builtin/receive-pack.c).
const refusedBy = [
  [/pre-receive hook declined/, 'judged'],
  [/hidden ref|funny refname/, 'ref.namespace'],
  [/non-fast-forward/, 'ref.forward'],
  [/deletion prohibited|deletion of the current branch/, 'ref.delete'],
  [/bad pack|missing necessary objects|unpacker error|invalid/, 'push.object'],
] as const;

function unpackReason(said: string, status: string, pushBytesMax: number): Reason {
  if (said.includes('exceeds maximum allowed size')) {
    return reason('push.size', 'the pack', { found: 'more bytes', limit: pushBytesMax });
  }
  const lines = said.split(/[\r\n]+/).filter((line) => /^(error|fatal): /.test(line));
  const named = lines.find((line) => line.startsWith('error: object ')) ?? lines.at(-1) ?? status;
  const code = saidFault(said) ?? 'push.object';
  return reason(code, 'the pack', { found: named.replace(/^(error|fatal): /, '').slice(0, 300) });
}
