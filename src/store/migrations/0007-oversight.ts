/** Audits of a plan: asked for by people, executives and triggers, carried out by whichever gateway takes one. */
export const oversight = `
create table audits (
  id text primary key,
  project text not null references projects on delete cascade,
  kind text not null,
  options jsonb not null,
  state text not null,
  asked_by text not null,
  trigger text,
  requested_at timestamptz not null default andon_now(),
  worker text,
  alive_at timestamptz,
  -- the part of the log that it looked at
  from_position bigint,
  to_position bigint,
  ended_at timestamptz,
  alert boolean not null default false,
  title text,
  body text,
  result jsonb
);
create index audits_state on audits (state, requested_at);
create index audits_project on audits (project, kind, requested_at);
`;
