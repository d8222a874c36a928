/**
 * Calls that were decided on what a gateway foresaw. One statement confirms under the locks of the door that all of it
 * holds, makes the effect and appends the event; where something was otherwise it changes nothing and answers null, and
 * the gateway sends the call the whole way. Only calls whose facts are this small are made so: claim, renewal, and the
 * hand-over of an artefact that no gate looks at.
 */
export const foreseen = `
-- Equal for tasks that are equal in phase, skills and scope. What is remembered of a class decides claims, so it must not
-- be possible to make up two tasks of one class.
create function andon_claim_class(phase text, requires jsonb, write jsonb, deny jsonb) returns text language sql immutable as $$
  select left(encode(sha256(convert_to(jsonb_build_array(phase, requires, write, deny)::text, 'UTF8')), 'hex'), 32)
$$;
alter table tasks add column claim_class text;
update tasks set claim_class = andon_claim_class(phase, to_jsonb(requires), to_jsonb(write), to_jsonb(deny));
alter table tasks alter column claim_class set not null;

create function andon_iso(at timestamptz) returns text language plpgsql stable as $$
begin
  return to_char(at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"');
end $$;

-- What a call leaves: its answer, its event and, for a hand-over, its change. Written for the whole batch at once.
create type andon_made as (answer jsonb, type text, subject text, data jsonb);

-- Takes the most urgent task that is ready, if its class is one that the claimant was allowed before.
create function andon_claim(in_project text, in_now timestamptz, c jsonb) returns andon_made language plpgsql volatile as $$
declare
  agent text := c->>'agent';
  lease_ms_wanted int := c->>'leaseMs';
  allowed text[] := array(select jsonb_array_elements_text(c->'allowed'));
  refused text[] := array(select jsonb_array_elements_text(c->'refused'));
  taken record;
  lease_end timestamptz := in_now + lease_ms_wanted * interval '1 millisecond';
  made andon_made;
begin
  if c ? 'wip' then
    perform pg_advisory_xact_lock(hashtextextended(in_project, 7103));
    if (select count(*) from tasks where project = in_project and state = 'in_progress') >= (c->>'wip')::int then return null; end if;
  end if;
  -- What nobody judged yet, what overlaps other work and what was this claimant's before go the whole way.
  update tasks set state = 'in_progress', state_at = in_now, epoch = epoch + 1, holder = agent, holder_gid = c->>'gid',
      lease_ms = lease_ms_wanted, lease_until = lease_end, preferred = agent
    where project = in_project and id = (
      select next_task.id from (
        select t.id, t.claim_class as class,
            exists (select from task_conflicts x where x.project = t.project and x.task = t.id) as overlapping,
            exists (select from tasks p where p.project = in_project and p.state = 'ready' and p.preferred = agent) as others_first
          from tasks t
          where t.project = in_project and t.state = 'ready' and not t.claim_class = any(refused)
          order by t.priority, t.deadline nulls last, t.position limit 1 for update of t skip locked) as next_task
      where not next_task.overlapping and not next_task.others_first and next_task.class = any(allowed))
    returning id, title, phase, epoch, write, deny, gates into taken;
  if not found then return null; end if;
  made.type := 'task.claimed';
  made.subject := 'task/' || taken.id;
  made.data := jsonb_build_object('epoch', taken.epoch, 'leaseMs', lease_ms_wanted);
  made.answer := jsonb_build_object(
    'task', jsonb_build_object('id', taken.id, 'title', taken.title, 'phase', taken.phase, 'epoch', taken.epoch,
      'leaseUntil', andon_iso(lease_end), 'write', taken.write, 'deny', taken.deny, 'gates', taken.gates),
    'branch', 'task/' || taken.id || '/' || taken.epoch || '/work', 'reasons', '[]'::jsonb);
  return made;
end $$;

-- The row of a task, locked, if the caller holds it now; else null.
create function andon_held(in_project text, in_now timestamptz, c jsonb) returns tasks language plpgsql volatile as $$
declare held tasks;
begin
  select * into held from tasks where project = in_project and id = c->>'task' for update;
  if held.state = 'in_progress' and held.epoch = (c->>'lease')::bigint and held.holder = c->>'agent' and held.lease_until > in_now
  then return held; end if;
  return null;
end $$;

create function andon_renew(in_project text, in_now timestamptz, c jsonb) returns andon_made language plpgsql volatile as $$
declare
  held tasks := andon_held(in_project, in_now, c);
  lease_end timestamptz := in_now + held.lease_ms * interval '1 millisecond';
  made andon_made;
begin
  if held.id is null then return null; end if;
  update tasks set lease_until = lease_end where project = in_project and id = held.id;
  made.type := 'task.renewed';
  made.subject := 'task/' || held.id;
  made.data := jsonb_build_object('epoch', held.epoch);
  made.answer := jsonb_build_object('task', held.id, 'epoch', held.epoch, 'leaseUntil', andon_iso(lease_end));
  return made;
end $$;

create function andon_submit(in_project text, in_now timestamptz, c jsonb) returns andon_made language plpgsql volatile as $$
declare
  held tasks := andon_held(in_project, in_now, c);
  change text := c->>'change';
  made andon_made;
begin
  if held.id is null or held.done <> 'artefact' or cardinality(held.gates) > 0 then return null; end if;
  if exists (select from questions q where q.project = in_project and q.task = held.id and q.answer is null) then return null; end if;
  with moved as (
    update tasks set state = 'gated', state_at = in_now, holder = null, holder_gid = null, lease_until = null
      where project = in_project and id = held.id returning id)
  insert into changes (id, project, task, epoch, commit_id, base, candidate, tree, state, author, gid, lin, note, created_at, state_at)
  -- by the grant that calls: the one that claimed may have been another of the same agent
  select change, in_project, moved.id, held.epoch, '', '', '', c->>'tree', 'judging', c->>'agent', c->>'gid',
    array(select jsonb_array_elements_text(c->'lin')), c->>'note', in_now, in_now from moved;
  made.type := 'change.submitted';
  made.subject := 'change/' || change;
  made.data := jsonb_build_object('task', held.id, 'epoch', held.epoch, 'commit', '', 'tree', c->>'tree', 'state', 'judging');
  made.answer := jsonb_build_object('change', change, 'tree', c->>'tree', 'candidate', '', 'gates', '[]'::jsonb);
  return made;
end $$;

-- A batch of one project: one transaction, one answer per call, null for those that go the whole way. Each statement costs
-- more than what it reads, so they are few; all lookups are by key, so planning them anew for each call buys nothing.
create function andon_foreseen_calls(in_project text, in_calls jsonb) returns table (answer jsonb)
language plpgsql volatile set plan_cache_mode = force_generic_plan as $$
declare
  one record;
  c jsonb;
  now_is timestamptz;
  project_epoch int;
  project_plan text;
  made andon_made;
  called jsonb[] := '{}';
  all_made andon_made[] := '{}';
begin
  perform pg_advisory_xact_lock_shared(7100), pg_advisory_xact_lock_shared(hashtextextended(in_project, 7101));
  select p.epoch, p.plan_hash into project_epoch, project_plan from projects p where p.name = in_project;
  for one in
    -- As foreseen: the grant of this epoch, the plan, nothing of the grant revoked or replaced. An answer finds its call by
    -- its place, so the order is said.
    select e as call, project_epoch <= (e->>'epoch')::bigint
        and project_plan = e->>'plan'
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
