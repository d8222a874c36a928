/** Stops of the line, and claims that are foreseen heed them. */
export const cord = `
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
create index messages_subject on messages (subject);

-- As before, but that nothing is claimed while a stop is open in the project or everywhere: those calls go the whole way,
-- where what the stop holds is decided. The stops are read behind the locks, and a stop is pulled under them taken alone.
create or replace function andon_foreseen_calls(in_project text, in_calls jsonb) returns table (answer jsonb)
language plpgsql volatile set plan_cache_mode = force_generic_plan as $$
declare
  one record;
  c jsonb;
  now_is timestamptz;
  project_epoch int;
  project_plan text;
  stopped boolean;
  made andon_made;
  called jsonb[] := '{}';
  all_made andon_made[] := '{}';
begin
  perform pg_advisory_xact_lock_shared(7100), pg_advisory_xact_lock_shared(hashtextextended(in_project, 7101));
  select p.epoch, p.plan_hash, exists (select from stops s where s.project in (in_project, '*') and s.cleared_at is null)
    into project_epoch, project_plan, stopped from projects p where p.name = in_project;
  for one in
    -- As foreseen: the grant of this epoch, the plan, nothing of the grant revoked or replaced. An answer finds its call by
    -- its place, so the order is said.
    select e as call, project_epoch <= (e->>'epoch')::bigint
        and project_plan = e->>'plan'
        and not (stopped and e->>'kind' = 'claim')
        and not exists (select from revocations r
          where r.value = any(array(select jsonb_array_elements_text(e->'names'))) and r.project in (in_project, '*'))
        and not exists (select from tokens k where k.jti = e->>'jti' and k.replaced_at is not null) as holds
      from jsonb_array_elements(in_calls) with ordinality as given(e, place) order by place
  loop
    c := one.call;
    made := null;
    if one.holds and c ? 'request' then
      -- Two calls with one request id wait for each other, so the second finds the answer of the first.
      perform pg_advisory_xact_lock(hashtextextended((c->>'agent') || ' ' || (c->>'request'), 7102));
      one.holds := not exists (select from requests q where q.principal = c->>'agent' and q.request_id = c->>'request');
    end if;
    -- Read anew: the batch may have waited, for the project or for what a call before this one touched.
    now_is := andon_now();
    if one.holds and extract(epoch from now_is) < (c->>'exp')::bigint then
      case c->>'kind'
        when 'claim' then made := andon_claim(in_project, now_is, c);
        when 'renew' then made := andon_renew(in_project, now_is, c);
        when 'submit' then made := andon_submit(in_project, now_is, c);
      end case;
    end if;
    if made.type is not null then
      called := called || c;
      all_made := all_made || made;
      if c ? 'request' then
        insert into requests (principal, request_id, action, input_hash, answer)
        values (c->>'agent', c->>'request', c->>'action', c->>'hash', made.answer);
      end if;
    end if;
    answer := made.answer;
    return next;
  end loop;
  insert into events (id, project, type, actor, gid, action, allowed, subject, request_id, at, data)
  select x->>'event', in_project, g.type, x->>'agent', x->>'gid', x->>'action', true, g.subject, x->>'request', now_is, g.data
  from unnest(called, all_made) with ordinality as g(x, answer, type, subject, data, place) order by g.place;
end $$;
`;
