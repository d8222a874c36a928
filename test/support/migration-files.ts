import { cpSync } from 'node:fs';
import { join } from 'node:path';

/** Puts the SQL of the migrations below `src` beside the compiled form of their reader, as `npm run build` does. */
export const copyMigrations = (src: string, to: string): void =>
  cpSync(join(src, 'store/migrations'), to, { recursive: true, filter: (path) => !path.endsWith('.ts') });
