/** Runs of agents, their output, what agents say of themselves, and messages to agents and people. */
export const runs = `
create table runs (
  id text primary key,
  project text not null references projects on delete cascade,
  agent text not null,
  profile text not null,
  tier text not null,
  role text not null,
  adapter text not null,
  model text,
  task text,
  -- the lease that the run works under, once its task is claimed
  epoch int,
  change text,
  mission text,
  -- how its profile said to start it, on the day it was asked for: a later plan does not change a run
  launch jsonb not null,
  gid text not null references grants,
  spawner text not null,
  spawner_gid text not null,
  trigger text,
  state text not null,
  attempt int not null default 1,
  retry_of text,
  not_before timestamptz not null default andon_now(),
  max_ms int not null,
  stop_wanted text,
  stop_why text,
  runner text,
  -- the grant that took it: no other speaks for it, whatever name it gives
  runner_gid text,
  lease_until timestamptz,
  lease_ms int not null,
  sandbox text,
  requested_at timestamptz not null default andon_now(),
  taken_at timestamptz,
  -- the end of the log when it was taken: what it did comes behind
  since bigint not null default 0,
  started_at timestamptz,
  progress_at timestamptz,
  ended_at timestamptz,
  exit_code int,
  signal text,
  outcome text,
  note text,
  verdict jsonb,
  usage jsonb not null
);
create index runs_state on runs (state, project, not_before);
create index runs_project on runs (project, requested_at);
create index runs_gid on runs (gid);
create index runs_agent on runs (project, agent, state);
create index runs_task on runs (project, task);

-- What a run printed, in the pieces in which its runner sent it; the middle of much output is dropped.
create table run_output (
  run text not null references runs on delete cascade,
  piece int not null,
  body text not null,
  at timestamptz not null default andon_now(),
  primary key (run, piece)
);

-- What an agent says of itself, for its next run and for whoever asks.
create table agents (
  project text not null references projects on delete cascade,
  name text not null,
  type text not null,
  tier text not null,
  role text not null,
  capabilities text[] not null,
  self jsonb not null,
  first_at timestamptz not null default andon_now(),
  seen_at timestamptz not null default andon_now(),
  primary key (project, name)
);

-- Disagreements are questions that people decide.
alter table questions add column against text;
alter table questions add column decided_for text;

-- To whom: an agent or a person by name, or everybody of a tier ('tier:executive').
create table messages (
  id text primary key,
  project text not null references projects on delete cascade,
  recipient text not null,
  kind text not null,
  subject text not null,
  title text not null,
  body text not null,
  data jsonb not null,
  at timestamptz not null default andon_now(),
  read_at timestamptz,
  read_by text
);
create index messages_recipient on messages (project, recipient, at);
`;
