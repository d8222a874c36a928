/** The condition, in SQL, that a row of the grants under this alias lives: neither ended, nor revoked, nor any grant above it. */
export const isLiving = (alias: string): string =>
  `${alias}.revoked_at is null and ${alias}.expires_at > (select andon_now())
     and not exists (select from grants a where a.gid = any(${alias}.lin) and a.revoked_at is not null)`;
