-- Every applied plan: who applied it, when, why, and its text.
create table plan_history (
  project text not null references projects on delete cascade,
  revision int not null,
  hash text not null,
  -- as it was given; null where a trigger added a task to the plan before
  text text,
  -- tasks of the applied plan that the text does not have, since triggers added them
  added jsonb not null default '{}',
  -- null where the log does not tell
  applied_by text,
  trigger text,
  reason text,
  -- the revision whose text was applied again
  reverts int,
  at timestamptz not null default andon_now(),
  primary key (project, revision)
);

-- The applied plan as a text, tasks in their order: jsonb has lost that of the file. Members of tasks that are empty are
-- left out, so that the text is not much longer than the file was.
create function andon_plan_text(given text) returns text language sql stable as $$
  select left((p.plan - 'tasks')::text, -1) || ', "tasks": ' || coalesce((
      select json_object_agg(e.key, (select coalesce(json_object_agg(m.key, m.value), '{}'::json) from jsonb_each(e.value) m
          where m.value <> '[]'::jsonb) order by t.position, e.key)
      from jsonb_each(p.plan->'tasks') e left join tasks t on t.project = p.name and t.id = e.key)::text, '{}') || '}'
    from projects p where p.name = given and p.plan is not null
$$;

-- Keeps the applied plan, unless it is kept: a gateway of an earlier version applies plans without a word here.
create function andon_keep_plan(given text) returns void language sql as $$
  insert into plan_history (project, revision, hash, text, applied_by, at)
  select p.name, p.plan_revision, p.plan_hash, andon_plan_text(p.name), e.actor, coalesce(e.at, p.created_at)
  from projects p left join lateral (
    select actor, at from events where project = p.name and subject = 'plan/' || p.name and type = 'plan.applied'
    order by seq desc limit 1) e on true
  where p.name = given and p.plan is not null
    and not exists (select from plan_history h where h.project = p.name and h.revision = p.plan_revision)
$$;

select andon_keep_plan(name) from projects;

-- Readers of the log who ask for a type, an actor or a time. As `at` grows with the table, a few blocks of a small index do.
create index events_type on events (project, type, position) where position is not null;
create index events_actor on events (project, actor, position) where position is not null;
create index events_at on events using brin (at);
