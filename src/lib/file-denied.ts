import { codeOf, withCauses } from './causes.ts';
import { type AndonError, fail } from './errors.ts';

const codesOfDenied = new Set(['EACCES', 'EPERM', 'EROFS']);

/**
 * The refusal for a file of Andon's own that the operating system does not let it open, make or change;
 * undefined for any other error.
 */
export function fileDenied(error: unknown): AndonError | undefined {
  const found = withCauses(error).find(isDenied);
  return found && fail('file.denied', found.path, { found: found.message }, error);
}

const isDenied = (error: unknown): error is Error & { readonly path: string } =>
  error instanceof Error &&
  codesOfDenied.has(codeOf(error)) &&
  'path' in error &&
  typeof error.path === 'string';
