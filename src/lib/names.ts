// A dot stands neither before another one nor at the end, and not before `lock`: git refuses such refs.
const name = '[A-Za-z0-9](?:[A-Za-z0-9_-]|\\.(?!\\.|lock$|$)){0,62}';

/** Names of projects, plans, phases, tasks, agents and skills: safe in a path, a URL, a ref and a log line. */
export const namePattern = new RegExp(`^${name}$`);

/** Principals, by kind and name: `human:ada`, `agent:builder-1`. */
export const principalPattern = new RegExp(`^(?:human|agent|runner|trigger):${name}$`);
