// A dot stands neither before another one nor at the end, and not before `lock`: git refuses such refs.
const name = '[A-Za-z0-9](?:[A-Za-z0-9_-]|\\.(?!\\.|lock$|$)){0,62}';

/** Names of projects, plans, phases, tasks, agents and skills: safe in a path, a URL, a ref and a log line. */
export const namePattern = new RegExp(`^${name}$`);

/**
 * Lower-case names, for anything that becomes a folder, a URL and a ref: projects, phases, tasks, gates,
 * profiles, skills.
 */
export const plainNamePattern = /^[a-z0-9](?:[a-z0-9_-]|\.(?!\.|lock$|$)){0,62}$/;

/** Text as people write it: no control character but tab and line ends, no half of a surrogate pair. */
export const plainTextPattern =
  /^(?:[^\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f\ud800-\udfff]|[\ud800-\udbff][\udc00-\udfff])*$/;

/** Principals, by kind and name: `human:ada`, `agent:builder-1`. */
export const principalPattern = new RegExp(`^(?:human|agent|runner|trigger):${name}$`);
