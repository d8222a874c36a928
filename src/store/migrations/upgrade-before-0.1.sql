-- From the schema before 0.1 (its versions 9 to 13) to that of 0001-schema.sql. Each statement does nothing where it was
-- done already, so that one file serves all of these versions, and the rows of their backups once those are loaded into a
-- database of 0001-schema.sql. The setting `andon.from_version` says which version wrote the rows.

-- Functions that only those versions called. A gateway of theirs that still runs goes its longer way without them.
do $$
declare
  gone regprocedure;
begin
  for gone in
    select oid from pg_proc where pronamespace = current_schema()::regnamespace and proname like 'andon\_%'
      and proname not in ('andon_now', 'andon_shift_clock', 'andon_enter', 'andon_events_refuse', 'andon_claim_class',
        'andon_log_guard', 'andon_scope_hash', 'andon_moved')
  loop
    execute format('drop function %s', gone);
  end loop;
end $$;

-- Version 11: nobody empties the log in passing, nor changes a checkpoint.
create or replace function andon_log_guard() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name;
end $$;
create or replace trigger events_no_truncate before truncate on events for each statement execute function andon_log_guard();
create or replace trigger checkpoints_no_truncate before truncate on checkpoints for each statement execute function andon_log_guard();
create or replace trigger checkpoints_guard before update or delete on checkpoints for each row execute function andon_log_guard();

-- Version 12: people of a project that has a plan are told once of what the program protects by itself.
alter table projects add column if not exists protection_told boolean not null default true;
update projects set protection_told = false where plan is not null and current_setting('andon.from_version')::int < 12;

-- Version 13: grants say who has seen their tokens; those from before say nothing.
alter table grants add column if not exists seen boolean;

-- Version 14: scopes are named by SHA-256, and each task has a class of its own for the gateways before.
create or replace function andon_scope_hash(write text[], deny text[]) returns text language sql immutable as $$
  select encode(sha256(convert_to(to_jsonb(write)::text || to_jsonb(deny)::text, 'UTF8')), 'hex')
$$;
update tasks set scope_hash = andon_scope_hash(write, deny) where scope_hash <> andon_scope_hash(write, deny);
alter table tasks alter column claim_class set default gen_random_uuid()::text;

-- Version 14: a move of a task, a change or a run that finds no row in a state that its table lists fails its transaction.
create or replace function andon_moved(rows bigint, move text) returns void language plpgsql as $$
begin
  if rows = 0 then raise exception '% found no row in a state from which it leads', move; end if;
end $$;
