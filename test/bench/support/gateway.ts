import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, startApp } from '../../../src/app.ts';
import { type Client, createClient } from '../../../src/client.ts';
import { type ConfigInput, configure } from '../../../src/config.ts';
import { createLog } from '../../../src/process/create-log.ts';

/** A gateway in this process, in a temporary folder; PGlite unless the settings name a database. */
export interface BenchGateway extends AsyncDisposable {
  readonly app: App;
  readonly url: string;
  /** Folder that is removed with the gateway. */
  readonly folder: string;
  /** Token of the owner. */
  readonly token: string;
  readonly owner: Client;
}

export async function startBenchGateway(settings: Partial<ConfigInput> = {}): Promise<BenchGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'andon-bench-'));
  const config = configure(
    { dataFolder: join(folder, 'data'), stateFolder: join(folder, 'state'), ...settings },
    {},
  );
  const app = await startApp(config, { log: createLog('warn'), purpose: 'test' });
  const token = readFileSync(app.owner.file, 'utf8').trim();
  return {
    app,
    url: app.url,
    folder,
    token,
    owner: createClient({ url: app.url, token: () => token }),
    [Symbol.asyncDispose]: async () => {
      await app.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
