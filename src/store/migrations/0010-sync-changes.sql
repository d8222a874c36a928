-- A change of the kind `sync` is the merge of main with the upstream. It belongs to no task: the name of its task is empty.
alter table changes drop constraint changes_project_task_fkey;
alter table changes add constraint changes_project_fkey foreign key (project) references projects on delete cascade;
alter table changes add column kind text not null default 'task';
-- the paths that conflict, and the merge that a person has pushed instead
alter table changes add column conflicts text[] not null default '{}';
alter table changes add column resolution text;

-- The change whose landing a move of main is, the runs that vouch for it, and the time at which the upstream had it.
alter table syncs add column change text;
alter table syncs add column vouched_by text[] not null default '{}';
alter table syncs add column pushed_at timestamptz;
