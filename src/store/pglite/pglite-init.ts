import { PGlite } from '@electric-sql/pglite';

// A process that makes the folder of a database and ends: initdb leaves hundreds of megabytes behind, which a
// gateway that goes on in the same process would not give back.
const [folder = ''] = process.argv.slice(2);
const database = await PGlite.create({ dataDir: folder });
await database.close();
