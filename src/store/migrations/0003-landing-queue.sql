-- The place of an approved change in the landing queue of its project. A change keeps its entry until it has landed or
-- was refused, so a rebuild does not cost it its place.
create table queue_entries (
  change text primary key references changes on delete cascade,
  project text not null,
  approved_at timestamptz not null default andon_now(),
  -- times that a tree with this change failed together with others
  strikes int not null default 0,
  -- the part that is tested on main by itself, the main on which it stepped aside, and the gate that failed
  part text,
  part_main text,
  part_gate text,
  -- the main on which its part passed, and the time of that
  cleared text,
  cleared_at timestamptz,
  -- its place in the head that is under test, which nobody joins but at the end
  head_place int,
  -- changes that joined later and have landed before
  overtaken int not null default 0,
  -- set by a person: the place before all others, the lowest first; and the reason why it must not land
  position int,
  held_by text,
  held_why text
);
create index queue_entries_project on queue_entries (project);
insert into queue_entries (change, project, approved_at)
  select id, project, state_at from changes where state in ('approved', 'landing');

-- Trees that the queue has built or tried, by name: a main and the changes merged on it, in their order.
create table queue_trees (
  project text not null references projects on delete cascade,
  main text not null,
  changes text[] not null,
  -- null for a conflict of the last change with all that is before it
  tree text,
  candidate text,
  conflicts text[] not null default '{}',
  primary key (project, main, changes)
);

-- A run for the queue belongs to a tree and to no change; evidence is by tree, gate and definition whoever asked for it.
alter table gate_runs alter column change drop not null;
alter table gate_runs add column candidate text;
alter table gate_runs add column changes text[] not null default '{}';
alter table gate_runs add column rank int not null default 0;
alter table gate_runs add column timed_out boolean not null default false;
create index gate_runs_tree on gate_runs (project, tree);
create index gate_runs_queue on gate_runs (project) where change is null and status in ('waiting', 'running');

-- Several changes land in one swap of main, each with a row; the runs on the last tree vouch for all of them.
alter table landings add column position int not null default 1;
alter table landings add column batch int not null default 1;
alter table landings add column vouched_tree text;
alter table landings add column vouched_by text[] not null default '{}';
drop index landings_one;
create unique index landings_one on landings (project, position) where state = 'intent';

create index questions_of_task on questions (project, task);
