-- The whole schema of a fresh database, by noun. After a release this file is never edited: the next one is added.
-- Statements end with `;` at the end of a line; a line of a comment never does.
--
-- No check constraints and no partial indexes on what every call writes: PostgreSQL parses and plans each of them anew in
-- every statement, which costs more than the rest of it. The states are held by one table in the code.

-- The database itself and its clock --------------------------------------------------------------------------------------

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
-- Fails the transaction whose move found no row in a state that its table lists.
create function andon_moved(rows bigint, move text) returns void language plpgsql as $$
begin
  if rows = 0 then raise exception '% found no row in a state from which it leads', move; end if;
end $$;
create function andon_shift_clock(shift_ms bigint) returns void language plpgsql as $$
begin
  update andon_meta set clock_offset_ms = clock_offset_ms + shift_ms where purpose = 'test';
  if not found then raise exception 'a production database does not shift its clock'; end if;
end $$;

-- Projects and their phases -----------------------------------------------------------------------------------------------

create table projects (
  name text primary key,
  repository text not null,
  main_branch text not null default 'main',
  upstream text,
  epoch int not null default 1,
  plan_revision int not null default 0,
  plan jsonb,
  plan_hash text,
  -- false while its people were not told yet that files which steer tools are protected by the program itself
  protection_told boolean not null default true,
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

-- Tasks, and what stands between them ---------------------------------------------------------------------------------------

-- Equal for scopes that are equal. What a grant covers is remembered by it, so nobody may be able to make up two scopes
-- of one hash.
create function andon_scope_hash(write text[], deny text[]) returns text language sql immutable as $$
  select encode(sha256(convert_to(to_jsonb(write)::text || to_jsonb(deny)::text, 'UTF8')), 'hex')
$$;

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
  -- For gateways of the schema before this one, which may run beside this program while they are replaced: they remember
  -- by it what a claimant was allowed, so each task has one of its own. Nothing here reads it.
  claim_class text not null default gen_random_uuid()::text,
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
  -- the trigger that added it to the plan; a plan that is applied from a file does not take it away
  made_by text,
  state_at timestamptz not null default andon_now(),
  primary key (project, id)
);
create index tasks_claim on tasks (project, state, priority, deadline, position);
create index tasks_state on tasks (state, project, preferred);

-- For those gateways too: they name it when they apply a plan.
create function andon_claim_class(phase text, requires jsonb, write jsonb, deny jsonb) returns text language sql immutable as $$
  select left(encode(sha256(convert_to(jsonb_build_array(phase, requires, write, deny)::text, 'UTF8')), 'hex'), 32)
$$;

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
  -- Disagreements are questions that people decide: with whom, and for whom.
  against text,
  decided_for text,
  foreign key (project, task) references tasks on delete cascade
);
create index questions_open on questions (project, task) where answer is null;

-- Grants, tokens, keys, and the answers of calls ----------------------------------------------------------------------------

create table grants (
  gid text primary key,
  project text not null,
  parent text references grants,
  agent text not null,
  cap jsonb not null,
  lin text[] not null,
  -- the agent profile of the plan that it was minted from, unchanged
  profile text,
  -- True: its parent handed its tokens out and has seen them. Those of a run go from the gateway to a runner. Null for
  -- grants of the earliest versions: seen, unless they belong to a run.
  seen boolean,
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

-- Changes, from hand-over to main ---------------------------------------------------------------------------------------------

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

-- Runs of agents ------------------------------------------------------------------------------------------------------------

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

-- Stops of the line ---------------------------------------------------------------------------------------------------------

-- Of a project, or of '*' for all of them. Few rows, and the open ones are found by their index: every claim asks for them.
create table stops (
  id text primary key,
  project text not null references projects on delete cascade,
  colour text not null,
  scope_kind text not null,
  scope_value text not null,
  why text not null,
  cause text not null,
  subject text not null,
  pulled_by text not null,
  gid text,
  at timestamptz not null default andon_now(),
  -- how often it was pulled while it was open
  count int not null default 1,
  told text[] not null,
  cleared_by text,
  cleared_gid text,
  cleared_at timestamptz,
  cleared_why text,
  root_cause jsonb
);
create index stops_open on stops (project, cleared_at);
create index stops_subject on stops (cause, subject);

-- Messages, reports and audits ------------------------------------------------------------------------------------------------

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
create index messages_subject on messages (subject);

create table reports (
  id text primary key,
  project text not null,
  kind text not null check (kind in ('decision', 'alert', 'report')),
  by_agent text not null,
  title text not null,
  body text not null,
  at timestamptz not null default andon_now()
);

-- Audits of a plan: asked for by people, executives and triggers, carried out by whichever gateway takes one.
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

-- Triggers: the slots that wait, what was fired, and what is sent outside -------------------------------------------------------

create table triggers (
  id text primary key,
  project text not null references projects on delete cascade,
  name text not null,
  kind text not null,
  -- the entry of andon.yaml, defaults filled in
  spec jsonb not null,
  source text not null,
  owner text not null,
  owner_gid text not null references grants,
  owner_epoch int not null,
  state text not null,
  -- what it waits for: the time, and the slot that the time is that of
  next_at timestamptz,
  next_slot timestamptz,
  -- the type of event, and the position after which events count
  on_type text,
  from_position bigint,
  fired bigint not null default 0,
  missed bigint not null default 0,
  refused bigint not null default 0,
  held_back bigint not null default 0,
  last_at timestamptz,
  last_outcome text,
  -- the run or task that it made last
  last_made text,
  hour_at timestamptz,
  hour_count int not null default 0,
  hour_held int not null default 0,
  created_at timestamptz not null default andon_now(),
  unique (project, name)
);
-- Both hold what is armed and nothing else, so a tick costs the same after a million fires.
create index triggers_due on triggers (next_at) where state = 'active' and next_at is not null;
create index triggers_on on triggers (on_type, project) where state = 'active' and on_type is not null;
create index triggers_digest on triggers (hour_at) where hour_held > 0;

-- Slots that have come and wait to be fired.
create table trigger_due (
  trigger text not null references triggers on delete cascade,
  slot text not null,
  project text not null,
  at timestamptz not null,
  put_at timestamptz not null default andon_now(),
  -- set while an earlier run of the trigger holds it up
  queued boolean not null default false,
  cause jsonb not null,
  primary key (trigger, slot)
);
create index trigger_due_at on trigger_due (put_at);

-- One row for a slot, for good: whoever inserts it fires.
create table trigger_fires (
  trigger text not null references triggers on delete cascade,
  slot text not null,
  slot_at timestamptz not null,
  at timestamptz not null default andon_now(),
  outcome text not null,
  made text,
  error jsonb,
  causes text[] not null,
  primary key (trigger, slot)
);
create index trigger_fires_at on trigger_fires (trigger, at);
create index trigger_fires_made on trigger_fires (made) where made is not null;

-- How far events have been looked at, and what conditions have counted so far.
create table trigger_tail (one boolean primary key default true, position bigint not null);
insert into trigger_tail (position) values (0);
create table trigger_tallies (
  trigger text not null references triggers on delete cascade,
  key text not null,
  times timestamptz[] not null,
  at timestamptz not null default andon_now(),
  primary key (trigger, key)
);

-- What is to be sent outside: written with the fire, done after the commit, its outcome written then.
create table trigger_deliveries (
  id text primary key,
  project text not null references projects on delete cascade,
  trigger text not null,
  slot text not null,
  kind text not null,
  target text not null,
  body text not null,
  state text not null,
  tries int not null default 0,
  next_try_at timestamptz not null default andon_now(),
  status text,
  error text,
  created_at timestamptz not null default andon_now(),
  ended_at timestamptz
);
create index trigger_deliveries_waiting on trigger_deliveries (next_try_at) where state = 'waiting';
create index trigger_deliveries_of on trigger_deliveries (trigger, slot);

-- The log, its chain, and the count of repeated denials -------------------------------------------------------------------------

-- Indexes that serve readers of the log hold placed rows alone: an event enters them when it is placed.
create table events (
  seq bigint generated always as identity,
  id text primary key,
  project text not null,
  type text not null,
  actor text not null,
  gid text,
  action text,
  allowed boolean not null,
  subject text not null,
  request_id text,
  at timestamptz not null default andon_now(),
  data jsonb not null,
  position bigint,
  hash text
);
create unique index events_unplaced on events (seq) where position is null;
create unique index events_position on events (position) where position is not null;
create index events_project on events (project, position) where position is not null;
-- Who had a hand in a task is asked of placed and unplaced events alike.
create index events_subject on events (project, subject);

create table checkpoints (
  position bigint primary key,
  hash text not null,
  kid text not null,
  signature text not null,
  at timestamptz not null default andon_now()
);

-- Repeated identical denials are counted, not appended.
create table denials (
  project text not null,
  principal text not null,
  fingerprint text not null,
  event text not null,
  count int not null default 1,
  first_at timestamptz not null default andon_now(),
  last_at timestamptz not null default andon_now(),
  primary key (project, principal, fingerprint)
);

-- Append-only: a row is inserted, placed in the chain once, and never touched again. What every event passes when it is
-- placed is judged by an expression: a function is called for what is refused alone.
create function andon_events_refuse() returns trigger language plpgsql as $$
begin
  raise exception 'events are append-only';
end $$;
create trigger events_kept before delete on events for each row execute function andon_events_refuse();
create trigger events_unchanged before update on events for each row
  when (old.position is not null
    or row(old.seq, old.id, old.project, old.type, old.actor, old.gid, old.action, old.allowed, old.subject, old.request_id, old.at, old.data)
      is distinct from row(new.seq, new.id, new.project, new.type, new.actor, new.gid, new.action, new.allowed, new.subject, new.request_id, new.at, new.data))
  execute function andon_events_refuse();

-- Nobody empties the log or its checkpoints in passing, nor changes a checkpoint. Who owns the database can take the
-- triggers away: that shows in the mark that is kept outside of it.
create function andon_log_guard() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name;
end $$;
create trigger events_no_truncate before truncate on events for each statement execute function andon_log_guard();
create trigger checkpoints_no_truncate before truncate on checkpoints for each statement execute function andon_log_guard();
create trigger checkpoints_guard before update or delete on checkpoints for each row execute function andon_log_guard();

-- The way in ------------------------------------------------------------------------------------------------------------------

-- The start of every transaction of the door: takes the locks, then reads what moves. It is volatile on purpose:
-- each statement inside sees what was committed before it began, so nothing is read from before the lock was granted.
create function andon_enter(
  in_project text, in_exclusive boolean, in_epoch_of text, in_jti text, in_gids text[], in_agent text, in_kid text,
  in_principal text, in_request text,
  out now timestamptz, out known boolean, out epoch int, out plan_hash text, out revoked text,
  out replaced_at timestamptz, out answer jsonb, out input_hash text
) language plpgsql volatile set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare lock_key bigint := hashtextextended(in_project, 7101);
begin
  if in_project = '*' then perform pg_advisory_xact_lock(7100);
  elsif in_exclusive then perform pg_advisory_xact_lock_shared(7100), pg_advisory_xact_lock(lock_key);
  else perform pg_advisory_xact_lock_shared(7100), pg_advisory_xact_lock_shared(lock_key);
  end if;
  select andon_now(), p.name is not null, p.plan_hash,
      (select q.epoch from projects q where q.name = coalesce(in_epoch_of, in_project)),
      (select r.kind from revocations r
        where r.value = any(array[in_jti, in_agent, in_kid] || in_gids) and r.project in (in_project, '*')
          and ((r.kind = 'token' and r.value = in_jti) or (r.kind = 'grant' and r.value = any(in_gids))
            or (r.kind = 'agent' and r.value = in_agent) or (r.kind = 'key' and r.value = in_kid)) limit 1),
      (select k.replaced_at from tokens k where k.jti = in_jti)
    into now, known, plan_hash, epoch, revoked, replaced_at
    from (select) as always left join projects p on p.name = in_project;
  if in_request is not null then
    -- two calls with one request id wait for each other, so the second finds the answer of the first
    perform pg_advisory_xact_lock(hashtextextended(in_principal || ' ' || in_request, 7102));
    select q.answer, q.input_hash into answer, input_hash from requests q where q.principal = in_principal and q.request_id = in_request;
  end if;
end $$;
