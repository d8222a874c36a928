import { expect, test } from 'vitest';
import { createReport } from '../../../../src/gateway/http/git/report.ts';

const packet = (band: number, text: string): Buffer => {
  const body = Buffer.concat([Buffer.of(band), Buffer.from(text)]);
  return Buffer.concat([Buffer.from((body.length + 4).toString(16).padStart(4, '0')), body]);
};

/** git's report of a ref that it could not move, behind its messages about the ref. */
async function refused(said: string, why: string) {
  const { stream, report } = createReport(1000);
  const ng = `ng refs/heads/task/a/1/work ${why}\n`;
  const lines = `000eunpack ok\n${(ng.length + 4).toString(16).padStart(4, '0')}${ng}0000`;
  stream.end(Buffer.concat([packet(2, said), packet(1, lines), Buffer.from('0000')]));
  const shown: Buffer[] = [];
  for await (const chunk of stream) shown.push(chunk as Buffer);
  return { codes: report.reasons.map(({ code }) => code), shown: Buffer.concat(shown).toString() };
}

test('a ref that cannot be written for want of room is disk.full, and nothing else is', async () => {
  const full = await refused(
    'error: unable to write packed-refs: No space left on device\n',
    'failed to update ref',
  );
  expect(full.codes).toEqual(['disk.full']);
  expect(full.shown).toContain('disk.full');
  expect((await refused('error: something else\n', 'failed to update ref')).codes).toEqual(['git.failed']);
  const lock =
    "error: cannot lock ref 'refs/heads/task/a/1/work': Unable to create '/r/x.lock': File exists.\n";
  expect((await refused(lock, 'failed to update ref')).codes).toEqual(['git.busy']);
  expect((await refused('No space left on device\n', 'non-fast-forward')).codes).toEqual(['ref.forward']);
});
