/** The log and its chain, the count of repeated denials, and the way in of every transaction that changes something. */
export const log = `
-- Indexes that serve readers of the log hold placed rows alone: an event enters them when it is placed.
create table events (
  seq bigint generated always as identity,
  id text primary key,
  project text not null,
  type text not null,
  actor text not null,
  gid text,
  action text,
  allowed boolean not null,
  subject text not null,
  request_id text,
  at timestamptz not null default andon_now(),
  data jsonb not null,
  position bigint,
  hash text
);
create unique index events_unplaced on events (seq) where position is null;
create unique index events_position on events (position) where position is not null;
create index events_project on events (project, position) where position is not null;
-- Who had a hand in a task is asked of placed and unplaced events alike.
create index events_subject on events (project, subject);

-- Append-only: a row is inserted, placed in the chain once, and never touched again.
create function andon_events_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then raise exception 'events are append-only'; end if;
  if old.position is not null
    or row(old.seq, old.id, old.project, old.type, old.actor, old.gid, old.action, old.allowed, old.subject, old.request_id, old.at, old.data)
      is distinct from row(new.seq, new.id, new.project, new.type, new.actor, new.gid, new.action, new.allowed, new.subject, new.request_id, new.at, new.data)
  then raise exception 'events are append-only'; end if;
  return new;
end $$;
create trigger events_guard before update or delete on events for each row execute function andon_events_guard();

create table checkpoints (
  position bigint primary key,
  hash text not null,
  kid text not null,
  signature text not null,
  at timestamptz not null default andon_now()
);

-- Repeated identical denials are counted, not appended.
create table denials (
  project text not null,
  principal text not null,
  fingerprint text not null,
  event text not null,
  count int not null default 1,
  first_at timestamptz not null default andon_now(),
  last_at timestamptz not null default andon_now(),
  primary key (project, principal, fingerprint)
);

-- The start of every transaction of the door: takes the locks, then reads what moves. It is volatile on purpose:
-- each statement inside sees what was committed before it began, so nothing is read from before the lock was granted.
create function andon_enter(
  in_project text, in_exclusive boolean, in_epoch_of text, in_jti text, in_gids text[], in_agent text, in_kid text,
  in_principal text, in_request text,
  out now timestamptz, out known boolean, out epoch int, out plan_hash text, out revoked text,
  out replaced_at timestamptz, out answer jsonb, out input_hash text
) language plpgsql volatile set plan_cache_mode = force_generic_plan as $$
declare lock_key bigint := hashtextextended(in_project, 7101);
begin
  if in_project = '*' then perform pg_advisory_xact_lock(7100);
  elsif in_exclusive then perform pg_advisory_xact_lock_shared(7100), pg_advisory_xact_lock(lock_key);
  else perform pg_advisory_xact_lock_shared(7100), pg_advisory_xact_lock_shared(lock_key);
  end if;
  select andon_now(), p.name is not null, p.plan_hash,
      (select q.epoch from projects q where q.name = coalesce(in_epoch_of, in_project)),
      (select r.kind from revocations r
        where r.value = any(array[in_jti, in_agent, in_kid] || in_gids) and r.project in (in_project, '*')
          and ((r.kind = 'token' and r.value = in_jti) or (r.kind = 'grant' and r.value = any(in_gids))
            or (r.kind = 'agent' and r.value = in_agent) or (r.kind = 'key' and r.value = in_kid)) limit 1),
      (select k.replaced_at from tokens k where k.jti = in_jti)
    into now, known, plan_hash, epoch, revoked, replaced_at
    from (select) as always left join projects p on p.name = in_project;
  if in_request is not null then
    -- two calls with one request id wait for each other, so the second finds the answer of the first
    perform pg_advisory_xact_lock(hashtextextended(in_principal || ' ' || in_request, 7102));
    select q.answer, q.input_hash into answer, input_hash from requests q where q.principal = in_principal and q.request_id = in_request;
  end if;
end $$;
`;
