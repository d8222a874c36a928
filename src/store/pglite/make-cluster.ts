import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { packCluster } from './cluster.ts';

// A process of the build: makes the folder of an empty database, and packs it into the file that is named. initdb takes
// seconds and hundreds of megabytes; so no start has to run it.
const [file = ''] = process.argv.slice(2);
const place = await mkdtemp(`${file}-`);
const folder = join(place, 'db');
const database = await PGlite.create({ dataDir: folder });
await database.close();
await writeFile(file, await packCluster(folder));
await rm(place, { recursive: true, force: true });
