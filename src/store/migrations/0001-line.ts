/**
 * Projects, plans, tasks, grants, changes: what the line works on. A migration is never edited after a release; the next
 * one is added instead.
 */
export const line = `
create table andon_meta (
  one boolean primary key default true check (one),
  purpose text not null check (purpose in ('production', 'test')),
  installation text not null,
  clock_offset_ms bigint not null default 0
);

-- The only clock of decisions. Tests shift it; a production database refuses to. In plpgsql, whose plans last for the
-- session: a function in sql would be planned at every call.
create function andon_now() returns timestamptz language plpgsql volatile as $$
begin
  return clock_timestamp() + (select clock_offset_ms from andon_meta) * interval '1 millisecond';
end $$;
create function andon_shift_clock(shift_ms bigint) returns void language plpgsql as $$
begin
  update andon_meta set clock_offset_ms = clock_offset_ms + shift_ms where purpose = 'test';
  if not found then raise exception 'a production database does not shift its clock'; end if;
end $$;

create table projects (
  name text primary key,
  repository text not null,
  main_branch text not null default 'main',
  upstream text,
  epoch int not null default 1,
  plan_revision int not null default 0,
  plan jsonb,
  plan_hash text,
  created_at timestamptz not null default andon_now()
);

-- The gateway itself: humans may hold grants on every project, and those have an epoch of their own.
insert into projects (name, repository, created_at) values ('*', '', clock_timestamp());

create table phases (
  project text not null references projects on delete cascade,
  name text not null,
  position int not null,
  opened_at timestamptz,
  primary key (project, name)
);

-- No check constraints and no partial indexes on what every call writes: PostgreSQL parses and plans each of them anew in
-- every statement, which costs more than the rest of it. The states are held by one table in the code.
create table tasks (
  project text not null references projects on delete cascade,
  id text not null,
  title text not null,
  phase text not null,
  state text not null,
  priority smallint not null default 2,
  position int not null,
  write text[] not null,
  deny text[] not null,
  scope_hash text not null,
  requires text[] not null,
  gates text[] not null,
  done text not null,
  deadline timestamptz,
  expected_minutes int,
  epoch int not null default 0,
  holder text,
  holder_gid text,
  lease_until timestamptz,
  lease_ms int,
  preferred text,
  state_at timestamptz not null default andon_now(),
  primary key (project, id)
);
create index tasks_claim on tasks (project, state, priority, deadline, position);
create index tasks_state on tasks (state, project, preferred);

create table task_needs (
  project text not null,
  task text not null,
  needs text not null,
  primary key (project, task, needs),
  foreign key (project, task) references tasks on delete cascade
);
create index task_needs_back on task_needs (project, needs);

-- Pairs of tasks whose write scopes overlap, both ways round; computed when a plan is applied.
create table task_conflicts (
  project text not null references projects on delete cascade,
  task text not null,
  other text not null,
  primary key (project, task, other)
);

create table questions (
  id text primary key,
  project text not null,
  task text not null,
  asked_by text not null,
  question text not null,
  asked_at timestamptz not null default andon_now(),
  answer text,
  answered_by text,
  answered_at timestamptz,
  foreign key (project, task) references tasks on delete cascade
);
create index questions_open on questions (project, task) where answer is null;

create table grants (
  gid text primary key,
  project text not null,
  parent text references grants,
  agent text not null,
  cap jsonb not null,
  lin text[] not null,
  -- the agent profile of the plan that it was minted from, unchanged
  profile text,
  left_budget jsonb not null,
  -- what the parent still has to give back when this grant ends
  returned boolean not null default false,
  created_at timestamptz not null default andon_now(),
  expires_at timestamptz not null,
  revoked_at timestamptz
);
create index grants_agent on grants (project, agent);
create index grants_lin on grants using gin (lin);

create table tokens (
  jti text primary key,
  gid text not null references grants,
  issued_at timestamptz not null,
  expires_at timestamptz not null,
  replaced_by text,
  replaced_at timestamptz
);
create index tokens_gid on tokens (gid);

create table revocations (
  id bigint generated always as identity primary key,
  project text not null,
  kind text not null check (kind in ('token', 'grant', 'agent', 'key', 'epoch')),
  value text not null,
  at timestamptz not null default andon_now(),
  by_agent text not null,
  why text not null,
  unique (project, kind, value)
);

create index revocations_value on revocations (value);

create table signing_keys (
  kid text primary key,
  jwk jsonb not null,
  state text not null check (state in ('next', 'active', 'retired')),
  created_at timestamptz not null default andon_now()
);

create table requests (
  principal text not null,
  request_id text not null,
  action text not null,
  input_hash text not null,
  answer jsonb not null,
  at timestamptz not null default andon_now(),
  primary key (principal, request_id)
);
create index requests_at on requests (at);

create table changes (
  id text primary key,
  project text not null,
  task text not null,
  epoch int not null,
  commit_id text not null,
  base text not null,
  candidate text not null,
  tree text not null,
  state text not null,
  author text not null,
  gid text not null,
  lin text[] not null,
  rebuilt int not null default 0,
  note text,
  landed_commit text,
  created_at timestamptz not null default andon_now(),
  state_at timestamptz not null default andon_now(),
  foreign key (project, task) references tasks on delete cascade
);
create index changes_task on changes (project, task);
create index changes_state on changes (project, state);

create table gate_runs (
  id text primary key,
  project text not null,
  change text not null references changes on delete cascade,
  gate text not null,
  tree text not null,
  manual boolean not null,
  status text not null check (status in ('waiting', 'running', 'passed', 'failed')),
  runner text,
  alive_at timestamptz,
  exit_code int,
  ms int,
  output text,
  sandboxed boolean,
  passed_by text,
  passed_gid text,
  created_at timestamptz not null default andon_now(),
  started_at timestamptz,
  ended_at timestamptz,
  unique (change, gate, tree)
);
create index gate_runs_waiting on gate_runs (project, status) where status in ('waiting', 'running');

create table verdicts (
  id text primary key,
  project text not null,
  change text not null references changes on delete cascade,
  tree text not null,
  approve boolean not null,
  by_agent text not null,
  gid text not null,
  lin text[] not null,
  tier text not null,
  own_work boolean not null default false,
  reasons text[] not null,
  carried_from text,
  at timestamptz not null default andon_now()
);
create index verdicts_change on verdicts (change);

create table landings (
  id text primary key,
  project text not null,
  change text not null references changes on delete cascade,
  old_main text not null,
  new_main text not null,
  fence text not null,
  state text not null check (state in ('intent', 'done', 'void')),
  owner text not null,
  intent_at timestamptz not null default andon_now(),
  ended_at timestamptz
);
create unique index landings_one on landings (project) where state = 'intent';

create table reports (
  id text primary key,
  project text not null,
  kind text not null check (kind in ('decision', 'alert', 'report')),
  by_agent text not null,
  title text not null,
  body text not null,
  at timestamptz not null default andon_now()
);
`;
