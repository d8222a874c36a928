-- A project that follows its upstream by itself, and whose setting that is.
alter table projects add column follows boolean not null default false;
alter table projects add column follows_by text;

-- Moves of main to what the upstream has, written before main moves: no commit comes to main without its landing or its sync.
create table syncs (
  id text primary key,
  project text not null references projects on delete cascade,
  old_main text not null,
  new_main text not null,
  fence text not null,
  state text not null check (state in ('intent', 'done', 'void')),
  commits int not null,
  authors text[] not null,
  -- the person who asked for it, or `gateway` where the project follows by itself
  by_agent text not null,
  gid text,
  setting_by text,
  at timestamptz not null default andon_now(),
  ended_at timestamptz
);
create unique index syncs_one on syncs (project) where state = 'intent';
create index syncs_project on syncs (project, at);
