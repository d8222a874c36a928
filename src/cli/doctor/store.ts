import { createPublicKey } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { keptGrants } from '../../gateway/auth/kept.ts';
import { verifyCheckpoint } from '../../gateway/auth/token-service.ts';
import { markFile } from '../../gateway/log-mark/mark-file.ts';
import { markPathOf } from '../../gateway/log-mark/open-keeper.ts';
import { AndonError } from '../../lib/errors.ts';
import { belowMark, belowWords } from '../../store/log/mark.ts';
import { verifyLog } from '../../store/log/verify-log.ts';
import { unknownVersion, versionOf } from '../../store/migrate.ts';
import { schemaVersion } from '../../store/migrations/index.ts';
import { openPglite } from '../../store/pglite/pglite.ts';
import { openPostgres } from '../../store/postgres.ts';
import { type Session, type Store, statement } from '../../store/store.ts';
import { type Finding, fault, note, ok } from './finding.ts';
import { belowFinding, chainFinding, clockFinding } from './gateway.ts';
import { keptFindings } from './grants.ts';

/** Examines the database: reachable, of a schema that this binary knows, its clock, its chain. Changes nothing. */
export async function examineStore(
  dataFolder: string,
  databaseUrl: string | undefined,
  stateFolder: string,
): Promise<Finding[]> {
  const subject = databaseUrl === undefined ? join(dataFolder, 'db') : 'PostgreSQL';
  if (databaseUrl === undefined && !existsSync(subject)) return [ok('database', subject, 'none yet')];
  try {
    const store = await (databaseUrl === undefined
      ? openPglite({ folder: subject })
      : openPostgres({ url: databaseUrl, connectionsMax: 2 }));
    try {
      return [...(await examineOpen(store, subject)), ...(await examineMark(store, stateFolder))];
    } finally {
      await store.close();
    }
  } catch (error) {
    return [storeFault(subject, error)];
  }
}

function storeFault(subject: string, error: unknown): Finding {
  if (!(error instanceof AndonError))
    return fault(
      'database',
      subject,
      error instanceof Error ? error.message : String(error),
      'restore a backup',
    );
  const [{ code, found, next }] = error.reasons;
  if (code === 'store.locked')
    return note('database', subject, 'in use by a process', 'a gateway that runs answers for it');
  return fault('database', subject, `${code} ${found ?? ''}`.trim(), next);
}

async function examineOpen(store: Store, subject: string): Promise<Finding[]> {
  const version = await versionOf(store);
  if (version === 0) return [ok('database', subject, 'empty')];
  const unknown = unknownVersion(version, 'schema');
  if (unknown !== undefined) {
    const [{ code, found, limit, next }] = unknown.reasons;
    return [fault('schema', subject, `${code}: ${found}, this binary goes by ${limit}`, next)];
  }
  const schema =
    version === schemaVersion
      ? ok('schema', subject, `version ${version}`)
      : note(
          'schema',
          subject,
          `version ${version} of ${schemaVersion}`,
          'andon up brings it up to date; make a backup before',
        );
  const startedMs = Date.now();
  const [row] = await store.rows<{ now: Date }>(statement('', 'select andon_now() as now'));
  const skewMs = row === undefined ? 0 : row.now.getTime() - (startedMs + Date.now()) / 2;
  const found = [
    schema,
    clockFinding('this machine and the database', skewMs),
    await chainOf(store, subject),
  ];
  return [...found, ...keptFindings(await keptGrants(store, '*'))];
}

/** Compares the length of the log with the mark in the state folder of this machine. */
async function examineMark(store: Store, stateFolder: string): Promise<Finding[]> {
  const path = markPathOf(stateFolder);
  const mark = await markFile(path).read();
  if (mark === undefined || (await versionOf(store)) !== schemaVersion) return [];
  const below = await belowMark(store, mark);
  return [
    below === undefined
      ? ok('log', path, `at or above position ${mark.position}`)
      : belowFinding(path, belowWords(below)),
  ];
}

/** Verifies the chain with its checkpoints, with the keys that the database publishes. */
async function chainOf(session: Session, subject: string): Promise<Finding> {
  return chainFinding(subject, await verifySession(session));
}

/** Verifies the log without a gateway, as the gateway does. */
export async function verifySession(session: Session): ReturnType<typeof verifyLog> {
  const rows = await session.rows<{ kid: string; jwk: Record<string, string> }>(
    statement('', 'select kid, jwk from signing_keys'),
  );
  const keys = new Map(rows.map(({ kid, jwk }) => [kid, createPublicKey({ key: jwk, format: 'jwk' })]));
  return verifyLog(session, (checkpoint) => verifyCheckpoint(checkpoint, (kid) => keys.get(kid)));
}
