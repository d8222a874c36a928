/**
 * Nobody empties the log or its checkpoints in passing, nor changes a checkpoint. Who owns the database can take the
 * triggers away: that shows in the mark that is kept outside of it.
 */
export const logEnd = `
create function andon_log_guard() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name;
end $$;
create trigger events_no_truncate before truncate on events for each statement execute function andon_log_guard();
create trigger checkpoints_no_truncate before truncate on checkpoints for each statement execute function andon_log_guard();
create trigger checkpoints_guard before update or delete on checkpoints for each row execute function andon_log_guard();
`;
