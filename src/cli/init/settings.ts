import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeWhole } from '../gateway-file.ts';

const schema = z.object({
  /** A remote to follow and to mirror landings to. */
  upstream: z.string().optional(),
  /** The last port of the gateway, kept so that remotes of clones stay good. */
  port: z.number().int().min(1).max(65_535).optional(),
});

/** Settings that one start of the gateway keeps for the next. */
export type Settings = z.infer<typeof schema>;

const fileOf = (dataFolder: string): string => join(dataFolder, 'settings.json');

/** Settings of init and earlier starts for the next start; all are optional. */
export async function readSettings(dataFolder: string): Promise<Settings> {
  try {
    return schema.parse(JSON.parse(await readFile(fileOf(dataFolder), 'utf8')));
  } catch {
    return {};
  }
}

/** Adds settings to those already kept. */
export async function keepSettings(dataFolder: string, added: Settings): Promise<void> {
  const settings = { ...(await readSettings(dataFolder)), ...added };
  await writeWhole(fileOf(dataFolder), `${JSON.stringify(settings)}\n`, 0o600);
}
