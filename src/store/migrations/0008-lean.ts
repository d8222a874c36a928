/** What a call of a lease needs to hold still: of the row alone, so that an update that waited for it looks again. */
const held = `project = in_project and id = named and epoch = lease and holder = agent and lease_until > now_is
          -- not by the index of states: what is in progress no longer lies about in it until a vacuum
          and state || '' = 'in_progress'`;

/**
 * Calls that were decided on what a gateway foresaw, as before but leaner: each statement costs more than what it reads, so
 * there is one for all that must hold, one for each row that changes and one for the event. What the caller knows already
 * it sends along.
 */
export const lean = `
drop function andon_foreseen_calls(text, jsonb);
drop function andon_claim(text, timestamptz, jsonb);
drop function andon_renew(text, timestamptz, jsonb);
drop function andon_submit(text, timestamptz, jsonb);
drop function andon_held(text, timestamptz, jsonb);
drop function andon_iso(timestamptz);
drop type andon_made;

-- A batch of one project: one transaction, one answer per call in their order, null for those that go the whole way. All
-- lookups are by key: planning them anew for each call buys nothing, and a plan that scans a table because it was small
-- when it was analysed would be kept while it grows. in_names: of all grants, what a revocation may name.
create function andon_foreseen_calls(in_project text, in_names text[], in_calls jsonb) returns table (answer json)
language plpgsql volatile set plan_cache_mode = force_generic_plan set enable_seqscan = off as $$
declare
  c jsonb;
  locked boolean;
  project_epoch int;
  project_plan text;
  clock_offset interval;
  stopped boolean;
  gone text[];
  now_is timestamptz;
  holds boolean;
  agent text;
  named text;
  lease bigint;
  allowed text[];
  refused text[];
  taken record;
  type text;
  subject text;
  data jsonb;
begin
  -- An assignment takes a lock for less than a statement does.
  locked := pg_advisory_xact_lock_shared(7100) is not null;
  locked := pg_advisory_xact_lock_shared(hashtextextended(in_project, 7101)) is not null;
  -- As foreseen: the plan, no stop, nothing of the grants revoked or replaced. Asked once for the batch, and hardly ever true.
  select p.epoch, p.plan_hash, m.clock_offset_ms * interval '1 millisecond',
      exists (select from stops s where s.project in (in_project, '*') and s.cleared_at is null),
      array(select r.value from revocations r where r.value = any(in_names) and r.project in (in_project, '*')
        union all select k.jti from tokens k where k.jti = any(in_names) and k.replaced_at is not null)
    into project_epoch, project_plan, clock_offset, stopped, gone
    from projects p, andon_meta m where p.name = in_project;
  for place in 0 .. jsonb_array_length(in_calls) - 1 loop
    c := in_calls->place;
    answer := null;
    agent := c->>'agent';
    holds := project_epoch <= (c->>'epoch')::bigint and project_plan = c->>'plan'
      and (gone = '{}' or not gone && (array[c->>'jti', c->>'gid', agent, c->>'kid'] || (c->>'lin')::text[]));
    if holds and c ? 'request' then
      -- Two calls with one request id wait for each other, so the second finds the answer of the first.
      locked := pg_advisory_xact_lock(hashtextextended(agent || ' ' || (c->>'request'), 7102)) is not null;
      holds := not exists (select from requests q where q.principal = agent and q.request_id = c->>'request');
    end if;
    -- Read anew: the batch may have waited, for the project or for what a call before this one touched.
    now_is := clock_timestamp() + clock_offset;
    holds := (holds and extract(epoch from now_is) < (c->>'exp')::bigint) is true;

    if not holds then
      null;
    elsif c->>'kind' = 'claim' then
      holds := not stopped;
      if holds and c ? 'wip' then
        locked := pg_advisory_xact_lock(hashtextextended(in_project, 7103)) is not null;
        holds := (select count(*) from tasks t where t.project = in_project and t.state = 'in_progress') < (c->>'wip')::int;
      end if;
      if holds then
        lease := c->>'leaseMs';
        allowed := c->>'allowed';
        refused := c->>'refused';
        -- The most urgent task that is ready, if its class is one that the claimant was allowed before. What nobody judged
        -- yet, what overlaps other work and what was this claimant's before go the whole way.
        update tasks set state = 'in_progress', state_at = now_is, epoch = epoch + 1, holder = agent, holder_gid = c->>'gid',
            lease_ms = lease, lease_until = now_is + lease * interval '1 millisecond', preferred = agent
          where project = in_project and id = (
            select next_task.id from (
              select t.id, t.claim_class as class,
                  exists (select from task_conflicts x where x.project = t.project and x.task = t.id) as overlapping,
                  exists (select from tasks p where p.project = in_project and p.state = 'ready' and p.preferred = agent) as others_first
                from tasks t
                -- Containment, not <> all: of the latter the planner believes, once the table is analysed, that it leaves
                -- no row of a plan of one class, and sorts the whole plan for each claim.
                where t.project = in_project and t.state = 'ready' and not refused @> array[t.claim_class]
                order by t.priority, t.deadline nulls last, t.position limit 1 for update of t skip locked) as next_task
            where not next_task.overlapping and not next_task.others_first and next_task.class = any(allowed))
          returning id, title, phase, epoch, lease_until as "leaseUntil", write, deny, gates into taken;
        if found then
          answer := json_build_object(
            'task', taken, 'branch', 'task/' || taken.id || '/' || taken.epoch || '/work', 'reasons', '[]'::json);
          type := 'task.claimed';
          subject := 'task/' || taken.id;
          data := jsonb_build_object('epoch', taken.epoch, 'leaseMs', lease);
        end if;
      end if;
    else
      named := c->>'task';
      lease := c->>'lease';
      if c->>'kind' = 'renew' then
        update tasks set lease_until = now_is + lease_ms * interval '1 millisecond'
          where ${held} returning id as task, epoch, lease_until as "leaseUntil" into taken;
        if found then
          answer := row_to_json(taken);
          type := 'task.renewed';
          subject := 'task/' || named;
        end if;
      elsif c->>'kind' = 'submit' then
        update tasks set state = 'gated', state_at = now_is, holder = null, holder_gid = null, lease_until = null
          where ${held} and done = 'artefact' and gates = '{}'
          and not exists (select from questions q where q.project = in_project and q.task = named and q.answer is null);
        if found then
          -- by the grant that calls: the one that claimed may have been another of the same agent
          insert into changes (id, project, task, epoch, commit_id, base, candidate, tree, state, author, gid, lin, note, created_at, state_at)
          values (c->>'change', in_project, named, lease, '', '', '', c->>'tree', 'judging', agent, c->>'gid',
            (c->>'lin')::text[], c->>'note', now_is, now_is);
          answer := c->'answer';
          type := 'change.submitted';
          subject := 'change/' || (c->>'change');
        end if;
      end if;
      data := c->'data';
    end if;

    if answer is not null then
      insert into events (id, project, type, actor, gid, action, allowed, subject, request_id, at, data)
      values (c->>'event', in_project, type, agent, c->>'gid', c->>'action', true, subject, c->>'request', now_is, data);
      if c ? 'request' then
        insert into requests (principal, request_id, action, input_hash, answer)
        values (agent, c->>'request', c->>'action', c->>'hash', answer);
      end if;
    end if;
    return next;
  end loop;
end $$;
alter function andon_enter(text, boolean, text, text, text[], text, text, text, text) set enable_seqscan = off;

-- What every event passes when it is placed is judged by an expression: a function is called for what is refused alone.
drop trigger events_guard on events;
drop function andon_events_guard();
create function andon_events_refuse() returns trigger language plpgsql as $$
begin
  raise exception 'events are append-only';
end $$;
create trigger events_kept before delete on events for each row execute function andon_events_refuse();
create trigger events_unchanged before update on events for each row
  when (old.position is not null
    or row(old.seq, old.id, old.project, old.type, old.actor, old.gid, old.action, old.allowed, old.subject, old.request_id, old.at, old.data)
      is distinct from row(new.seq, new.id, new.project, new.type, new.actor, new.gid, new.action, new.allowed, new.subject, new.request_id, new.at, new.data))
  execute function andon_events_refuse();
`;
