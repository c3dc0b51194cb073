-- Why: "sync now" is asked for once and must be done once, in the order it was asked for, and answered with a verdict.

create table sync_runs (               -- those without a verdict
    id             uuid        not null,
    tenant_id      uuid        not null,
    deployment_id  uuid        not null,
    -- The order in which they start: each behind the verdict of the one before.
    number         bigint      not null,
    -- domain::intent::Stored<SyncRunSpec>
    spec           jsonb       not null,
    -- The history entry it goes back to, if it does.
    rollback_to    bigint,
    asked_by       text        not null,
    -- Somebody wants it stopped.
    terminating    boolean     not null default false,
    -- When the engine accepted its start.
    started_at     timestamptz,
    door           text        not null default 'rest',
    lives_in       text,
    made_at        timestamptz not null default now(),

    constraint sync_runs_pkey primary key (id),
    -- Restrict: a run gets its verdict before its deployment goes.
    constraint sync_runs_deployment_fkey foreign key (deployment_id) references deployments (id) on delete restrict,
    constraint sync_runs_number_key unique (deployment_id, number),
    constraint sync_runs_number_check check (number >= 1),
    constraint sync_runs_spec_check check (jsonb_typeof(spec) = 'object' and pg_column_size(spec) <= 131072),
    constraint sync_runs_asked_by_check check (octet_length(asked_by) between 1 and 400),
    constraint sync_runs_door_check check (door in ('rest', 'custom_resource')),
    constraint sync_runs_lives_in_check check (char_length(lives_in) <= 1000)
) with (fillfactor = 80);
create index sync_runs_tenant on sync_runs (tenant_id, deployment_id, number);

create table sync_runs_ended (
    id             uuid        not null,
    tenant_id      uuid        not null,
    -- By value: a verdict outlives its deployment.
    deployment_id  uuid        not null,
    number         bigint      not null,
    spec           jsonb       not null,
    rollback_to    bigint,
    asked_by       text        not null,
    started_at     timestamptz,
    door           text        not null,
    lives_in       text,
    made_at        timestamptz not null,
    -- domain's Verdict: its name, and all of it.
    verdict        text        not null,
    report         jsonb       not null,
    ended_at       timestamptz not null default now(),

    constraint sync_runs_ended_pkey primary key (id, ended_at),
    constraint sync_runs_ended_verdict_check check (char_length(verdict) between 1 and 40),
    constraint sync_runs_ended_report_check check (pg_column_size(report) <= 131072)
) partition by range (ended_at);
create index sync_runs_ended_deployment on sync_runs_ended (tenant_id, deployment_id, number);
create table sync_runs_ended_default partition of sync_runs_ended default;
insert into retention (noun, dated, keep) values ('sync_runs_ended', 'ended_at', interval '30 days');
select argosy_tend_partitions();

alter table sync_runs       enable row level security, force row level security;
alter table sync_runs_ended enable row level security, force row level security;

create policy sync_runs_tenant on sync_runs to argosy_backend
    using (tenant_id = argosy_tenant() or argosy_platform_scope())
    with check (tenant_id = argosy_tenant() or argosy_platform_scope());
create policy sync_runs_all on sync_runs to argosy_agent, argosy_platform using (true) with check (true);
create policy sync_runs_views on sync_runs for select to argosy_views using (true);

create policy sync_runs_ended_tenant on sync_runs_ended to argosy_backend
    using (tenant_id = argosy_tenant() or argosy_platform_scope())
    with check (tenant_id = argosy_tenant() or argosy_platform_scope());
create policy sync_runs_ended_all on sync_runs_ended to argosy_agent, argosy_platform using (true) with check (true);
create policy sync_runs_ended_views on sync_runs_ended for select to argosy_views using (true);

grant select, insert, update, delete on sync_runs to argosy_backend;
grant select, update, delete on sync_runs to argosy_agent;
grant select, delete on sync_runs to argosy_platform;
grant select, insert on sync_runs_ended to argosy_backend, argosy_agent, argosy_platform;
grant select on sync_runs, sync_runs_ended to argosy_views;
