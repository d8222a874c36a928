-- The sort of work, by which the record of agents is kept.
alter table tasks add column kind text not null default 'task';

-- The profile of the claimant, empty for a grant without one, and the time of the claim; null where they are not known.
alter table task_attempts add column profile text;
alter table task_attempts add column claimed_at timestamptz;
create index task_attempts_at on task_attempts (project, at);
update task_attempts a set claimed_at = e.at, profile = coalesce(g.profile, '')
  from events e left join grants g on g.gid = e.gid
  where e.project = a.project and e.subject = 'task/' || a.task and e.type = 'task.claimed' and (e.data->>'epoch')::int = a.epoch;

-- The context that an agent's program loaded, as its runner saw it; null where the program shows nothing of it.
alter table runs add column context jsonb;
