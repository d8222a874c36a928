import { pullCord } from '../../stops/rows.ts';
import { type VerifyResult, verifyLog } from '../../store/log/verify-log.ts';
import type { Store } from '../../store/store.ts';
import type { SystemTransaction } from '../../store/system-transaction.ts';
import type { TokenService } from '../auth/token-service.ts';

/**
 * Verifies the log. A broken chain stops every project in red, because nothing that rests on the log can be
 * trusted. A fault whose stop a human has cleared is known, and stops no project again: the log cannot be
 * mended.
 */
export async function verifyAndStop(
  store: Store,
  tokens: TokenService,
  systemTransaction: SystemTransaction,
  settle: () => Promise<void>,
): Promise<VerifyResult> {
  const result = await verifyLog(store, (checkpoint) => tokens.verifiesCheckpoint(checkpoint));
  const { fault } = result;
  if (fault === null) return result;
  await systemTransaction('*', async (tx) => ({
    result: undefined,
    events: await pullCord(tx, {
      project: '*',
      colour: 'red',
      scope: { kind: 'all', value: '' },
      why: `the log is broken at position ${fault.position}: found ${fault.found}, expected ${fault.expected}`,
      cause: 'audit',
      subject: `position/${fault.position}/${fault.found}`,
      by: 'gateway',
      once: true,
    }),
  }));
  await settle();
  return result;
}
