/** Plans as for one row at a time, whatever the planner believes of arrays and limits that it does not know. */
const byKey = 'set enable_seqscan = off set enable_bitmapscan = off';

/** What all foreseen calls of a batch have in common: whose they are comes by place, counted from one. */
const callers = `in_project text, in_plan text, in_names text[], in_exp bigint, in_epoch bigint,
  in_agents text[], in_gids text[], in_events text[], in_requests text[], in_hashes text[]`;

const batch = (name: string, own: string, body: string): string => `
create function ${name}(${callers}, ${own}) returns table (place int, answer json)
language plpgsql volatile set plan_cache_mode = force_generic_plan ${byKey} as $$
declare
  locked boolean;
  common boolean;
  holds boolean;
  room bigint;
  clock_offset interval;
  now_is timestamptz;
begin
  -- An assignment takes a lock for less than a statement does.
  locked := pg_advisory_xact_lock_shared(7100) is not null;
  locked := pg_advisory_xact_lock_shared(hashtextextended(in_project, 7101)) is not null;
  if in_requests is not null then
    -- Who comes with the id of a call that is under way waits for its answer, be it on this way or the whole one. In one
    -- order, lest two batches wait for each other.
    perform pg_advisory_xact_lock(key) from (select hashtextextended(agent || ' ' || request, 7102) as key
      from unnest(in_agents, in_requests) as c(agent, request) where request is not null order by 1) as keys;
    if exists (select from unnest(in_agents, in_requests) as c(agent, request)
        join requests q on q.principal = c.agent and q.request_id = c.request)
      or exists (select from unnest(in_agents, in_requests) as c(agent, request) where request is not null
        group by agent, request having count(*) > 1)
    then
      return next;
      return;
    end if;
  end if;
${body}
end $$;
`;

/**
 * Confirms what was foreseen. Ends without a row when it was otherwise for all of them, and with one that has no place when
 * it was for somebody.
 */
const confirm = (all = '', each = ''): string => `
  select m.clock_offset_ms * interval '1 millisecond', p.plan_hash = in_plan${all}, p.epoch <= in_epoch
      and not exists (select from revocations r where r.value = any(in_names) and r.project in (in_project, '*'))
      and not exists (select from tokens k where k.jti = any(in_names) and k.replaced_at is not null)${each}
    into clock_offset, common, holds
    from projects p, andon_meta m where p.name = in_project;
  if common is not true then
    return;
  end if;
  -- Read anew: the batch may have waited.
  now_is := clock_timestamp() + clock_offset;
  if not holds or in_exp <= extract(epoch from now_is) then
    return next;
    return;
  end if;`;

/** What a call of a lease needs to hold still: of the row alone, so that an update that waited for it looks again. */
const held = `t.project = in_project and t.id = c.task and t.epoch = c.lease and t.holder = in_agents[c.place]
        and t.lease_until > now_is
        -- not by the index of states: what is in progress no longer lies about in it until a vacuum
        and t.state || '' = 'in_progress'`;

const tell = (type: string, action: string, subject: string, data: string, from: string): string => `
      insert into events (id, project, type, actor, gid, action, allowed, subject, request_id, at, data)
      select in_events[e.place], in_project, '${type}', in_agents[e.place], in_gids[e.place], '${action}', true, ${subject},
        in_requests[e.place], now_is, ${data}::jsonb from ${from} e`;

const store = (action: string): string => `
      insert into requests (principal, request_id, action, input_hash, answer)
      select in_agents[a.place], in_requests[a.place], '${action}', in_hashes[a.place], a.answer
      from answered a where in_requests[a.place] is not null`;

const claims = `
  if in_wip is not null then
    locked := pg_advisory_xact_lock(hashtextextended(in_project, 7103)) is not null;
    room := in_wip - (select count(*) from tasks t where t.project = in_project and t.state = 'in_progress');
    if room <= 0 then
      return;
    end if;
  end if;
${confirm(
  `
      and not exists (select from stops s where s.project in (in_project, '*') and s.cleared_at is null)`,
  `
      and (room is null or room >= cardinality(in_agents))
      -- what was a claimant's before is its first, and nobody's to foresee
      and not exists (select from unnest(in_agents) as c(agent) where
        (select true from tasks t where t.project = in_project and t.state = 'ready' and t.preferred = c.agent limit 1))`,
)}
  return query
    -- The most urgent tasks that are ready, if their class is one that the claimants were allowed before. What nobody judged
    -- yet and what overlaps other work goes the whole way.
    with picked as materialized (
      select n.id, n.free, row_number() over ()::int as place from (
        select t.id, t.claim_class = any(in_allowed)
            and not exists (select from task_conflicts x where x.project = t.project and x.task = t.id) as free
          from tasks t
          -- Containment, not <> all: of the latter the planner believes, once the table is analysed, that it leaves
          -- no row of a plan of one class, and sorts the whole plan for each claim.
          where t.project = in_project and t.state = 'ready' and not in_refused @> array[t.claim_class]
          order by t.priority, t.deadline nulls last, t.position limit cardinality(in_agents) for update of t skip locked) n
    ), taken as (
      update tasks t set state = 'in_progress', state_at = now_is, epoch = t.epoch + 1, holder = in_agents[p.place],
          holder_gid = in_gids[p.place], lease_ms = in_lease_ms, lease_until = now_is + in_lease_ms * interval '1 millisecond',
          preferred = in_agents[p.place]
        from picked p where p.free and t.project = in_project and t.id = p.id
        returning p.place, t.id, t.title, t.phase, t.epoch, t.lease_until, t.write, t.deny, t.gates
    ), answered as (
      select k.place, json_build_object('task', json_build_object('id', k.id, 'title', k.title, 'phase', k.phase,
          'epoch', k.epoch, 'leaseUntil', k.lease_until, 'write', k.write, 'deny', k.deny, 'gates', k.gates),
        'branch', 'task/' || k.id || '/' || k.epoch || '/work', 'reasons', '[]'::json) as answer from taken k
    ), told as (${tell('task.claimed', 'task:claim', `'task/' || e.id`, `('{"epoch":' || e.epoch || ',"leaseMs":' || in_lease_ms || '}')`, 'taken')}
    ), stored as (${store('task:claim')}
    )
    select a.place, a.answer from answered a;`;

const renewals = `${confirm()}
  return query
    with moved as (
      update tasks t set lease_until = now_is + t.lease_ms * interval '1 millisecond'
        from unnest(in_tasks, in_leases) with ordinality as c(task, lease, place)
        where ${held}
        returning c.place::int as place, t.id, t.epoch, t.lease_until
    ), answered as (
      select m.place, json_build_object('task', m.id, 'epoch', m.epoch, 'leaseUntil', m.lease_until) as answer from moved m
    ), told as (${tell('task.renewed', 'task:renew', `'task/' || e.id`, 'in_data[e.place]', 'moved')}
    ), stored as (${store('task:renew')}
    )
    select a.place, a.answer from answered a;`;

const submits = `${confirm()}
  return query
    with moved as (
      update tasks t set state = 'gated', state_at = now_is, holder = null, holder_gid = null, lease_until = null
        from unnest(in_tasks, in_leases) with ordinality as c(task, lease, place)
        where ${held} and t.done = 'artefact' and t.gates = '{}'
        and not exists (select from questions q where q.project = in_project and q.task = c.task and q.answer is null)
        returning c.place::int as place, t.id, t.epoch
    ), made as (
      -- by the grant that calls: the one that claimed may have been another of the same agent
      insert into changes (id, project, task, epoch, commit_id, base, candidate, tree, state, author, gid, lin, note, created_at, state_at)
      select in_changes[m.place], in_project, m.id, m.epoch, '', '', '', in_trees[m.place], 'judging', in_agents[m.place],
        in_gids[m.place], in_lins[m.place]::text[], in_notes[m.place], now_is, now_is from moved m
    ), answered as (
      select m.place, in_answers[m.place]::json as answer from moved m
    ), told as (${tell('change.submitted', 'change:submit', `'change/' || in_changes[e.place]`, 'in_data[e.place]', 'moved')}
    ), stored as (${store('change:submit')}
    )
    select a.place, a.answer from answered a;`;

/**
 * Calls that were decided on what a gateway foresaw, by kind and each batch as one statement: what a statement costs by
 * itself is most of a call. A row for each call that was made, by its place; a single row without a place when something
 * was not as foreseen for some of them, and nothing was made.
 */
export const together = `
drop function andon_foreseen_calls(text, text[], jsonb);
${batch('andon_foreseen_claims', 'in_lease_ms bigint, in_wip int, in_allowed text[], in_refused text[]', claims)}
${batch('andon_foreseen_renewals', 'in_tasks text[], in_leases bigint[], in_data text[]', renewals)}
${batch('andon_foreseen_submits', 'in_tasks text[], in_leases bigint[], in_changes text[], in_trees text[], in_notes text[], in_lins text[], in_data text[], in_answers text[]', submits)}`;
