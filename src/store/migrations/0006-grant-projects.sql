-- A grant of an executive or a validator may reach several projects, `{*}` for all; null: its own project only. Its
-- tokens name one project each, and the epoch that each project had when the grant was made ends it there.
alter table grants add column projects text[];
alter table grants add column epochs jsonb;
alter table tokens add column project text;
create index grants_projects on grants using gin (projects);

-- True when tokens of the grant may name the project.
create function andon_reaches(in_grant grants, in_project text) returns boolean language sql stable as $$
  select in_grant.project in (in_project, '*') or coalesce(in_grant.projects && array[in_project, '*'], false)
$$;

-- A token on every project ends in a project whose epoch was raised after the token was issued.
alter table projects add column epoch_raised_at timestamptz;
-- Asked behind the locks of andon_enter, by a statement of its own: it sees what was committed while they were waited for.
-- andon_enter itself stays as it is, for gateways of the version before that run meanwhile.
create function andon_raised_at(in_project text) returns timestamptz language plpgsql volatile as $$
begin
  return (select p.epoch_raised_at from projects p where p.name = in_project);
end $$;
