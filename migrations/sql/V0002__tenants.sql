-- Why: a tenant is the wall. From here on every row belongs to one, and PostgreSQL itself keeps the rows apart: who
-- forgets to say for whom it asks sees nothing.
--
-- The backend says so in the round trip that begins its transaction (`set local argosy.tenant = …`); a setting that is
-- local to a transaction cannot leak to the next user of the connection, also behind a transaction pooler.

-- The tenant this transaction is about. A setting that was set and rolled back is empty, not absent.
create function argosy_tenant() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('argosy.tenant', true), '')::uuid;

-- Whether this transaction is an operator's, who sees all tenants.
create function argosy_platform_scope() returns boolean
    language sql stable parallel safe
    return coalesce(current_setting('argosy.platform', true), '') = 'on';

-- On whose behalf this transaction asks what they may: a principal and their groups, one a line.
create function argosy_principals() returns text[]
    language sql stable parallel safe
    return string_to_array(nullif(current_setting('argosy.principals', true), ''), E'\n');

-- The one API key this transaction looks up.
create function argosy_key() returns uuid
    language sql stable parallel safe
    return nullif(current_setting('argosy.key', true), '')::uuid;

create table tenants (
    -- Of version 7; or the UID of the namespace it was born as.
    id            uuid        not null,
    -- Unique among the living. The domain checks the rest of what a name is.
    name          text        not null,
    -- What people call it.
    display_name  text        not null default '',
    -- Counts the changes of what is said here.
    generation    bigint      not null default 1,
    -- `deleting` until nothing lives in it; then the row goes.
    state         text        not null default 'active',
    -- How it came; `custom_resource` is a namespace.
    door          text        not null,
    -- Requests a minute each principal may make in it.
    request_rate  integer     not null default 1200,
    made_at       timestamptz not null default now(),
    changed_at    timestamptz not null default now(),

    constraint tenants_pkey primary key (id),
    constraint tenants_name_check check (char_length(name) between 1 and 253),
    constraint tenants_display_name_check check (char_length(display_name) <= 100),
    constraint tenants_generation_check check (generation >= 1),
    constraint tenants_state_check check (state in ('active', 'deleting')),
    constraint tenants_door_check check (door in ('rest', 'custom_resource')),
    constraint tenants_request_rate_check check (request_rate between 1 and 1000000)
);
create unique index tenants_name_key on tenants (name) where state = 'active';

-- Who may do what in a tenant. Groups are members like people; API keys are not: their role is on their row.
create table members (
    tenant_id   uuid        not null,
    -- `<issuer>:<sub>` or `group:<issuer>:<name>`.
    principal   text        not null,
    role        text        not null,
    generation  bigint      not null default 1,
    made_at     timestamptz not null default now(),
    made_by     text        not null,
    changed_at  timestamptz not null default now(),

    constraint members_pkey primary key (tenant_id, principal),
    -- Restrict: a tenant goes last, and its end says what it takes along.
    constraint members_tenant_id_fkey foreign key (tenant_id) references tenants (id) on delete restrict,
    constraint members_principal_check check (octet_length(principal) between 3 and 400),
    constraint members_role_check check (role in ('owner', 'deployer', 'viewer')),
    constraint members_generation_check check (generation >= 1),
    constraint members_made_by_check check (octet_length(made_by) between 1 and 400)
);
-- Every admission asks by principal.
create index members_principal on members (principal, tenant_id) include (role);

-- Who may do what on the platform.
create table platform_members (
    principal   text        not null,
    -- A founder may make tenants and becomes the owner of what it makes.
    role        text        not null,
    made_at     timestamptz not null default now(),
    made_by     text        not null,

    constraint platform_members_pkey primary key (principal),
    constraint platform_members_principal_check check (octet_length(principal) between 3 and 400),
    constraint platform_members_role_check check (role in ('operator', 'auditor', 'founder')),
    constraint platform_members_made_by_check check (octet_length(made_by) between 1 and 400)
);

-- What a tenant has and may have, in one row that each transaction of it updates once and last (`settle`): its lock puts
-- the tenant's feed in order, and makes the counters true under any race.
create table tenant_ledger (
    tenant_id                   uuid    not null,
    -- The newest position of its feed.
    feed_position               bigint  not null default 0,
    deployments                 integer not null default 0,
    environments                integer not null default 0,
    repository_credentials      integer not null default 0,
    api_keys                    integer not null default 0,
    open_operations             integer not null default 0,
    max_deployments             integer not null default 500,
    max_environments            integer not null default 50,
    max_repository_credentials  integer not null default 100,
    max_api_keys                integer not null default 50,
    max_open_operations         integer not null default 2000,

    constraint tenant_ledger_pkey primary key (tenant_id),
    -- Cascade: the ledger is a part of the tenant.
    constraint tenant_ledger_tenant_id_fkey foreign key (tenant_id) references tenants (id) on delete cascade,
    constraint tenant_ledger_feed_position_check check (feed_position >= 0),
    constraint tenant_ledger_counts_check check (
        least(deployments, environments, repository_credentials, api_keys, open_operations) >= 0),
    constraint tenant_ledger_limits_check check (
        least(max_deployments, max_environments, max_repository_credentials, max_api_keys, max_open_operations) >= 0)
) with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);

-- A limit stops growth and nothing else: an operator may set it below what is there, and what is there may shrink. So it
-- is no CHECK, which cannot know what was before, but fails like one, under the name of the limit.
create function tenant_ledger_limits() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
declare
    reached text := case
        when new.deployments > old.deployments and new.deployments > new.max_deployments
            then 'deployments'
        when new.environments > old.environments and new.environments > new.max_environments
            then 'environments'
        when new.repository_credentials > old.repository_credentials
            and new.repository_credentials > new.max_repository_credentials
            then 'repository_credentials'
        when new.api_keys > old.api_keys and new.api_keys > new.max_api_keys
            then 'api_keys'
        else 'open_operations'
    end;
begin
    raise check_violation using
        message = format('the tenant has as many %s as it may', reached),
        table = 'tenant_ledger',
        constraint = 'quota_' || reached;
end $$;

create trigger tenant_ledger_limits before update on tenant_ledger
    for each row when (
        new.deployments > old.deployments and new.deployments > new.max_deployments
        or new.environments > old.environments and new.environments > new.max_environments
        or new.repository_credentials > old.repository_credentials
            and new.repository_credentials > new.max_repository_credentials
        or new.api_keys > old.api_keys and new.api_keys > new.max_api_keys
        or new.open_operations > old.open_operations and new.open_operations > new.max_open_operations)
    execute function tenant_ledger_limits();

-- A tenant has its ledger from its first moment, whoever makes it.
create function tenants_open_ledger() returns trigger
    language plpgsql set search_path = pg_catalog, public, pg_temp as $$
begin
    insert into tenant_ledger (tenant_id) values (new.id);
    return null;
end $$;

create trigger tenants_open_ledger after insert on tenants
    for each row execute function tenants_open_ledger();

-- Whatever may change what somebody is allowed tells every process, within the transaction, whoever makes the change: a
-- process that remembers an authorisation forgets it. The payload is the tenant, or `platform`.
create function argosy_access_changed() returns trigger
    language plpgsql set search_path = pg_catalog, public, pg_temp as $$
declare
    was jsonb := to_jsonb(old);
begin
    perform pg_notify('argosy_access', case tg_table_name
        when 'tenants' then was ->> 'id'
        else coalesce(was ->> 'tenant_id', 'platform')
    end);
    return null;
end $$;

-- Somebody who becomes a member was remembered by nobody: what is not allowed is never remembered.
create trigger members_access after update or delete on members
    for each row execute function argosy_access_changed();
create trigger platform_members_access after update or delete on platform_members
    for each row execute function argosy_access_changed();
create trigger tenants_access after delete or update of state, request_rate on tenants
    for each row execute function argosy_access_changed();

-- How long what grows for ever is kept. One row a partitioned table, put in by the migration that makes the table; the
-- operator may change `keep`.
create table retention (
    -- The partitioned table, which has a partition a day (UTC) and a default one, `<noun>_default`.
    noun    text     not null,
    -- What its rows are dated by.
    dated   text     not null,
    keep    interval not null,

    constraint retention_pkey primary key (noun),
    constraint retention_noun_check check (noun ~ '^[a-z_]{1,40}$'),
    constraint retention_dated_check check (dated ~ '^[a-z_]{1,40}$'),
    constraint retention_keep_check check (keep between interval '1 day' and interval '10 years')
);

-- Makes today's partitions and those of the next seven days, and drops those that are older than what is kept. Rows that
-- found no partition are in the default one: they move out of it when theirs is made. A table that is too busy to be
-- changed within a second is left for the next time. Answers what it made and dropped, and what it had to leave.
create function argosy_tend_partitions() returns table (noun text, made integer, dropped integer, left_for_later text)
    language plpgsql security definer
    set search_path = public, pg_temp set timezone = 'UTC' set lock_timeout = '1s' as $$
declare
    rule  record;
    day   date;
    part  record;
    fresh text;
begin
    for rule in select r.noun, r.dated, r.keep from public.retention r order by r.noun loop
        noun := rule.noun; made := 0; dropped := 0; left_for_later := null;
        begin
            for day in select generate_series(current_date, current_date + 7, interval '1 day')::date loop
                fresh := rule.noun || '_' || to_char(day, 'YYYYMMDD');
                continue when to_regclass('public.' || fresh) is not null;
                execute format('create table public.%I (like public.%I including all excluding identity)',
                               fresh, rule.noun);
                execute format('with moved as (delete from public.%I where %I >= %L and %I < %L returning *)
                                insert into public.%I select * from moved',
                               rule.noun || '_default', rule.dated, day, rule.dated, day + 1, fresh);
                execute format('alter table public.%I attach partition public.%I for values from (%L) to (%L)',
                               rule.noun, fresh, day, day + 1);
                made := made + 1;
            end loop;
            for part in
                select c.relname from pg_inherits i join pg_class c on c.oid = i.inhrelid
                 where i.inhparent = to_regclass('public.' || rule.noun)
                   and c.relname ~ ('^' || rule.noun || '_[0-9]{8}$')
                   and to_date(right(c.relname, 8), 'YYYYMMDD') + 1 <= now() - rule.keep
                 order by c.relname
            loop
                execute format('drop table public.%I', part.relname);
                dropped := dropped + 1;
            end loop;
            -- What lies in the default partition is dated before today, or far ahead by mistake.
            execute format('delete from public.%I where %I < %L',
                           rule.noun || '_default', rule.dated, now() - rule.keep);
        exception when lock_not_available or deadlock_detected then
            -- The block is undone as a whole.
            made := 0; dropped := 0; left_for_later := sqlerrm;
        end;
        return next;
    end loop;
end $$;
revoke execute on function argosy_tend_partitions() from public;

-- The walls.
alter table tenants          enable row level security, force row level security;
alter table members          enable row level security, force row level security;
alter table platform_members enable row level security, force row level security;
alter table tenant_ledger    enable row level security, force row level security;
-- Not forced: the function that tends the partitions reads it as its owner, and it is nobody's.
alter table retention        enable row level security;

create policy members_tenant on members to argosy_backend
    using (tenant_id = argosy_tenant() or argosy_platform_scope())
    with check (tenant_id = argosy_tenant() or argosy_platform_scope());
-- One's own memberships: how an admission begins.
create policy members_self on members for select to argosy_backend
    using (principal = any (argosy_principals()));
create policy members_platform on members to argosy_platform using (true);

create policy tenants_tenant on tenants to argosy_backend
    using (id = argosy_tenant() or argosy_platform_scope())
    with check (id = argosy_tenant() or argosy_platform_scope());
create policy tenants_self on tenants for select to argosy_backend
    using (exists (select from members m where m.tenant_id = tenants.id and m.principal = any (argosy_principals())));
create policy tenants_all on tenants to argosy_agent, argosy_platform using (true);

create policy platform_members_platform on platform_members to argosy_backend
    using (argosy_platform_scope()) with check (argosy_platform_scope());
create policy platform_members_self on platform_members for select to argosy_backend
    using (principal = any (argosy_principals()));

create policy tenant_ledger_tenant on tenant_ledger to argosy_backend
    using (tenant_id = argosy_tenant() or argosy_platform_scope())
    with check (tenant_id = argosy_tenant() or argosy_platform_scope());
create policy tenant_ledger_all on tenant_ledger to argosy_agent, argosy_platform using (true);

create policy retention_read on retention for select to argosy_backend, argosy_agent, argosy_platform, argosy_views
    using (true);
create policy retention_change on retention for update to argosy_backend using (argosy_platform_scope());

grant select, insert, update, delete on tenants, members, platform_members to argosy_backend;
grant select, insert, update on tenant_ledger to argosy_backend;
grant select on tenants to argosy_agent;
grant select, update on tenant_ledger to argosy_agent;
grant select, update, delete on tenants to argosy_platform;
grant select on members to argosy_platform;
grant select, update on tenant_ledger to argosy_platform;
grant select on retention to argosy_backend, argosy_agent, argosy_platform, argosy_views;
grant update (keep) on retention to argosy_backend;
grant execute on function argosy_tend_partitions() to argosy_backend, argosy_platform;
