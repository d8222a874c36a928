-- A pool of a profile is a trigger that keeps runs of it going. Runs that began before it was armed say nothing about it.
alter table triggers add column armed_at timestamptz not null default andon_now();
create index triggers_pool on triggers (project) where kind = 'pool';
create index runs_trigger on runs (trigger, ended_at);
create index runs_change on runs (change);
