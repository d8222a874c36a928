-- A gate is carried out by whoever took it: a slot of a gateway, or a runner with a grant for that. It is held for one
-- lease, under a nonce that whoever reports has to know.
alter table gate_runs add column runner_gid text;
alter table gate_runs add column nonce text;
alter table gate_runs add column lease_ms int;
alter table gate_runs add column containment text;
-- A repetition of a run that passed, on one runner: it is no wish of the landing queue, and no change waits for it.
alter table gate_runs add column repeats text;
alter table gate_runs add column wanted_by text;
-- A pass that counts no more, because its runner's grant was revoked or its repetitions failed.
alter table gate_runs add column voided_at timestamptz;
alter table gate_runs add column voided_why text;
alter table gate_runs drop constraint gate_runs_status_check;
alter table gate_runs add constraint gate_runs_status_check check (status in ('waiting', 'running', 'passed', 'failed', 'void'));
create index gate_runs_grant on gate_runs (runner_gid) where runner_gid is not null;
create index gate_runs_repeats on gate_runs (repeats) where repeats is not null;
create index gate_runs_void on gate_runs (project, tree) where status = 'void';

-- Whoever takes gates: the gateways, for every project, and runners. Those that were seen lately make up the slots.
create table gate_takers (
  id text primary key,
  -- `*` for a gateway
  project text not null,
  name text not null,
  gid text,
  containment text not null,
  slots int not null,
  seen_at timestamptz not null default andon_now()
);
create index gate_takers_project on gate_takers (project);

-- Output of gates under way, for as long as somebody follows one: rows that nobody keeps, and no part of the log.
alter table gate_runs add column followed_at timestamptz;
create table gate_output (
  run text not null references gate_runs on delete cascade,
  piece bigint generated always as identity,
  body text not null,
  primary key (run, piece)
);

-- A set-up that fails blames nobody: its gate waits for a while, longer each time.
alter table gate_runs add column setup_fails int not null default 0;
alter table gate_runs add column not_before timestamptz;
