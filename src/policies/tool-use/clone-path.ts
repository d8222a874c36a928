/**
 * Target of a path that a tool names: in the clone, as a path of the repository, or elsewhere, with the
 * reason in words.
 */
export type ClonePath =
  | { readonly kind: 'inside'; readonly path: string }
  | { readonly kind: 'outside'; readonly why: string };

const outside = (why: string): ClonePath => ({ kind: 'outside', why });

/**
 * Resolves the path that a tool names against the clone. `clone` is absolute, with `/` as separator; without
 * it only relative paths can be resolved. The root itself is the empty path. The file system is not read, so
 * symbolic links are not followed.
 */
export function clonePathOf(path: string, clone: string | undefined): ClonePath {
  if (path.includes('\0')) return outside('a path with a NUL byte');
  if (path.startsWith('~')) return outside('a path of a home folder');
  if (!path.startsWith('/')) return inside(path);
  if (clone === undefined) return outside('an absolute path, and nobody said where the clone is');
  return below(normal(path), normal(clone));
}

function below(path: string | undefined, root: string | undefined): ClonePath {
  if (path === undefined || root === undefined) return outside('a path above the root');
  if (path === root) return { kind: 'inside', path: '' };
  return path.startsWith(`${root}/`)
    ? { kind: 'inside', path: path.slice(root.length + 1) }
    : outside('outside the clone');
}

function inside(path: string): ClonePath {
  const plain = normal(path);
  return plain === undefined ? outside('outside the clone') : { kind: 'inside', path: plain };
}

/** The path without empty, `.` and `..` segments; undefined when `..` leads above the start. */
function normal(path: string): string | undefined {
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment !== '..') kept.push(segment);
    else if (kept.pop() === undefined) return undefined;
  }
  return kept.join('/');
}
