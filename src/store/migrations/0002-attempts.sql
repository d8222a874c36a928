-- What a task is about in full, and what must hold when it is done.
alter table tasks add column description text not null default '';
alter table tasks add column acceptance text[] not null default '{}';

-- Who tried a task and how it ended: one row an epoch, from the first push on or from its end.
create table task_attempts (
  project text not null,
  task text not null,
  epoch int not null,
  agent text not null,
  -- null while it goes on, or waits for its gates
  outcome text,
  reasons text[] not null default '{}',
  -- the branch that was pushed last, from which the next attempt may start
  branch text,
  commit_id text,
  at timestamptz not null default andon_now(),
  primary key (project, task, epoch),
  foreign key (project, task) references tasks on delete cascade
);

-- The gate as it was declared when it ran: a commit that it failed is answered from that evidence while it is the same.
alter table gate_runs add column definition text;
create index gate_runs_failed on gate_runs (project, tree) where status = 'failed';
