-- Paths that the pushes of an attempt changed, and the latest attempts of an agent.
alter table task_attempts add column files text[] not null default '{}';
create index task_attempts_agent on task_attempts (project, agent, at);

-- The last words of an agent of each profile about its work on a task: whoever goes on starts from them.
create table task_checkpoints (
  project text not null,
  task text not null,
  -- empty for a grant without a profile
  profile text not null,
  epoch int not null,
  agent text not null,
  done text[] not null default '{}',
  next text[] not null default '{}',
  files text[] not null default '{}',
  items text[] not null default '{}',
  blockers text[] not null default '{}',
  note text not null default '',
  at timestamptz not null default andon_now(),
  primary key (project, task, profile),
  foreign key (project, task) references tasks on delete cascade
);

-- Decisions of executives and people, with their reasons.
create table decisions (
  id text primary key,
  project text not null references projects on delete cascade,
  -- counts the decisions of the project: the number of its file
  number int not null,
  question text not null,
  decision text not null,
  rationale text not null,
  rejected jsonb not null,
  confidence real,
  made_by text not null,
  affects text[] not null default '{}',
  supersedes text,
  superseded_by text,
  -- the file in the repository that it came from, and the text of that
  file text,
  source text,
  at timestamptz not null default andon_now(),
  -- beginnings of the globs, and all folders above them: what may touch a path is found without reading all
  roots text[] not null default '{}',
  above text[] not null default '{}',
  -- terms of all texts, and those of the question
  terms text[] not null default '{}',
  question_terms text[] not null default '{}',
  unique (project, number)
);
create unique index decisions_file on decisions (project, file);
create index decisions_at on decisions (project, at);
-- Lists of pending entries would be read by every search, and PGlite never vacuums.
create index decisions_roots on decisions using gin (roots) with (fastupdate = off);
create index decisions_above on decisions using gin (above) with (fastupdate = off);
create index decisions_terms on decisions using gin (terms) with (fastupdate = off);

-- The number of decisions of a project that hold a term; the empty term counts all.
create table decision_terms (
  project text not null references projects on delete cascade,
  term text not null,
  n int not null,
  primary key (project, term)
);

-- Decisions that earlier versions kept as reports. Their terms are found once they are written anew: in any language,
-- words are cut by the program.
insert into decisions (id, project, number, question, decision, rationale, rejected, made_by, at)
  select 'dec_' || substr(id, 5), project, row_number() over (partition by project order by at, id), title, body, '', '[]', by_agent, at
  from reports where kind = 'decision';

-- A landing whose files of decisions were read; those before this version are not.
alter table landings add column decisions_read boolean not null default true;
alter table landings alter column decisions_read set default false;
create index landings_unread on landings (project) where not decisions_read;

-- Errors that gates ended with, by the attempt that they refused.
create table gate_errors (
  project text not null,
  task text not null,
  epoch int not null,
  gate text not null,
  commit_id text not null,
  error text not null,
  -- the error without paths, numbers, times and ids, and the name of that
  masked text not null,
  fingerprint text not null,
  -- the epoch of the attempt that passed the gate later
  passed_epoch int,
  at timestamptz not null default andon_now(),
  primary key (project, task, epoch, gate),
  foreign key (project, task) references tasks on delete cascade
);

-- Solutions of errors: the work between a gate that failed and the attempt that passed it.
create extension if not exists pg_trgm;
create table solutions (
  id text primary key,
  project text not null references projects on delete cascade,
  fingerprint text not null,
  masked text not null,
  error text not null,
  gate text not null,
  task text not null,
  failed_commit text not null,
  fixed_commit text not null,
  fixed_by text not null,
  cause text not null default '',
  fix text not null default '',
  described_by text,
  -- attempts that were told of it, and those of them that passed the gate
  tried int not null default 0,
  worked int not null default 0,
  at timestamptz not null default andon_now()
);
create index solutions_fingerprint on solutions (project, fingerprint, worked desc, at desc) where worked > 0 or tried < 2;
create index solutions_at on solutions (project, at);
create index solutions_masked on solutions using gin (masked gin_trgm_ops) with (fastupdate = off);

-- The attempts after which a solution was told.
create table solution_uses (
  solution text not null references solutions on delete cascade,
  project text not null,
  task text not null,
  -- the attempt that met the error; the next one was told
  epoch int not null,
  gate text not null,
  -- null until the next attempt has ended
  worked boolean,
  at timestamptz not null default andon_now(),
  primary key (solution, task, epoch),
  foreign key (project, task) references tasks on delete cascade
);
create index solution_uses_open on solution_uses (project, task, gate) where worked is null;
