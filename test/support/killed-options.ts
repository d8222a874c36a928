import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, type Engine } from './engines.ts';
import type { FaultOptions } from './fault-gateway.ts';

/**
 * Options of a gateway that is killed and started again, on a fresh database. Work that another gateway may be doing is
 * left alone for half a second; the default of ten would add minutes.
 */
export async function killedOptions(
  engine: Engine,
  more: FaultOptions['config'] = {},
): Promise<FaultOptions> {
  const folder = mkdtempSync(join(tmpdir(), 'andon-kill-'));
  const config = { abandonedMs: 500, ...more };
  return engine === 'postgres' ? { folder, config, databaseUrl: await createDatabase() } : { folder, config };
}
