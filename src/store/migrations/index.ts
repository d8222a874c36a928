import { line } from './0001-line.ts';
import { log } from './0002-log.ts';
import { foreseen } from './0003-foreseen.ts';
import { runs } from './0004-runs.ts';
import { cord } from './0005-cord.ts';
import { triggers } from './0006-triggers.ts';
import { oversight } from './0007-oversight.ts';
import { lean } from './0008-lean.ts';
import { together } from './0009-together.ts';
import { once } from './0010-once.ts';
import { logEnd } from './0011-log-end.ts';
import { protection } from './0012-protection.ts';
import { holders } from './0013-holders.ts';

/** Migrations in order; the number of a migration is its place here, counted from one. */
export const migrations: readonly { readonly name: string; readonly sql: string }[] = [
  { name: '0001-line', sql: line },
  { name: '0002-log', sql: log },
  { name: '0003-foreseen', sql: foreseen },
  { name: '0004-runs', sql: runs },
  { name: '0005-cord', sql: cord },
  { name: '0006-triggers', sql: triggers },
  { name: '0007-oversight', sql: oversight },
  { name: '0008-lean', sql: lean },
  { name: '0009-together', sql: together },
  { name: '0010-once', sql: once },
  { name: '0011-log-end', sql: logEnd },
  { name: '0012-protection', sql: protection },
  { name: '0013-holders', sql: holders },
];
