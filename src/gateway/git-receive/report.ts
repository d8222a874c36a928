import { Transform } from 'node:stream';
import { type Reason, reason } from '../../lib/decision.ts';
import { refusalLines } from './refusal.ts';

/** What came of a push, as git's own report says it. */
export interface Report {
  /** Refs that moved. */
  readonly moved: string[];
  /** Reasons of git itself (not of the judge), such as a broken object. */
  readonly reasons: Reason[];
}

const textBytesKept = 8 * 1024;

/**
 * Passes the answer of receive-pack on and reads along (gitprotocol-pack, report-status within side-band-64k). Where
 * git itself refuses, lines in the form of every other refusal go to the pusher before git's own report.
 */
export function createReport(pushBytesMax: number): { stream: Transform; report: Report } {
  const report: Report = { moved: [], reasons: [] };
  let pending: Buffer = Buffer.alloc(0);
  let said = '';
  let plain = false;

  const take = (packet: Buffer): Buffer[] => {
    const band = packet[4];
    if (band === undefined || packet.length <= 5) return [packet];
    const text = packet.toString('utf8', 5);
    if (band === 2) said = (said + text).slice(-textBytesKept);
    if (band !== 1) return [packet];
    const found = readStatus(text, said, pushBytesMax, report);
    return [...found.map((line) => bandTwo(line)), packet];
  };

  const stream = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      pending = Buffer.concat([pending, chunk]);
      while (!plain && pending.length >= 4) {
        const length = Number.parseInt(pending.toString('latin1', 0, 4), 16);
        // Without a side band the client asked for no talk; its report goes through as it is.
        plain = Number.isNaN(length) || (length > 4 && pending.length > 4 && (pending[4] ?? 0) > 3);
        const end = Math.max(length, 4);
        if (plain || pending.length < end) break;
        for (const part of take(pending.subarray(0, end))) this.push(part);
        pending = pending.subarray(end);
      }
      if (plain) {
        this.push(pending);
        pending = Buffer.alloc(0);
      }
      done();
    },
    flush(done) {
      if (pending.length > 0) this.push(pending);
      done();
    },
  });
  return { stream, report };
}

function bandTwo(line: string): Buffer {
  const body = Buffer.from(`\u0002${line}\n`, 'utf8');
  return Buffer.concat([Buffer.from((body.length + 4).toString(16).padStart(4, '0')), body]);
}

function readStatus(text: string, said: string, pushBytesMax: number, report: Report): string[] {
  for (const [, ref = ''] of text.matchAll(/[0-9a-f]{4}ok ([^\n]+)\n/g)) report.moved.push(ref);
  const unpack = /unpack (?!ok)([^\n]+)\n/.exec(text)?.[1];
  if (unpack !== undefined) {
    report.reasons.push(unpackReason(said, unpack, pushBytesMax));
    return refusalLines('the pack', report.reasons.slice(-1));
  }
  const lines: string[] = [];
  for (const [, ref = '', why = ''] of text.matchAll(/[0-9a-f]{4}ng (\S+) ([^\n]+)\n/g)) {
    const code = refusedBy.find(([pattern]) => pattern.test(why))?.[1];
    if (code === 'judged') continue;
    const one = reason(code ?? 'git.failed', ref, { found: why });
    report.reasons.push(one);
    lines.push(...refusalLines(ref, [one]));
  }
  return lines;
}

// What git answers for one ref, and the code under which everybody else knows it (builtin/receive-pack.c).
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
  return reason('push.object', 'the pack', { found: named.replace(/^(error|fatal): /, '').slice(0, 300) });
}
