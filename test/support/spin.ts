import { startResident } from '../../src/analysis/resident.ts';

// Starts a resident on a file that it never finishes, and prints its process id.
const resident = await startResident();
const bytes = new TextEncoder().encode(`x = ${'async(a='.repeat(60)}`);
process.stdout.write(`${resident.pid}\n`);
await resident.ask([{ kind: 'js', bytes }], 600_000);
