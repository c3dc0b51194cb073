-- Why: users ask how their deployments are, and engines are not for them to ask. One agent for each engine cluster
-- mirrors what Argo CD says of each Application: only what changed is written, with its row in the feed.

-- Who mirrors an engine cluster. One at a time: whoever takes over raises the fence, and what carries an older one writes
-- nothing. The lease counts by this database's clock.
create table mirrors (
    engine_cluster_id uuid        not null,
    -- The agent process.
    session_id        uuid        not null,
    fence             bigint      not null default 1,
    lease_ends_at     timestamptz not null,
    -- When this one began.
    since             timestamptz not null default now(),

    constraint mirrors_pkey primary key (engine_cluster_id),
    -- Cascade: nobody mirrors what is gone.
    constraint mirrors_engine_cluster_fkey foreign key (engine_cluster_id)
        references engine_clusters (id) on delete cascade,
    constraint mirrors_fence_check check (fence >= 1)
) with (fillfactor = 50);

-- What was seen last of a deployment's Application. No row: none was seen yet.
create table deployment_status (
    deployment_id     uuid        not null,
    tenant_id         uuid        not null,
    -- Where it was seen. By value: an engine cluster may go while its last word stays.
    engine_cluster_id uuid        not null,
    -- What lists are filtered by; the report has it too.
    sync              text        not null,
    health            text        not null,
    -- Of its last or running sync. Null: there was none.
    phase             text,
    -- The commits it was compared with, one a source, with commas between them.
    revision          text,
    -- The few facts that we show, bounded by `domain::engine` to 256 KiB of JSON.
    report            jsonb       not null,
    -- Of the report. The same hash is the same report, and writes nothing.
    hash              bytea       not null,
    -- When it was written, which is when it last changed.
    observed_at       timestamptz not null default now(),
    -- Of the mirror that wrote it.
    fence             bigint      not null,

    constraint deployment_status_pkey primary key (deployment_id),
    -- Cascade: a status is a part of its deployment.
    constraint deployment_status_deployment_fkey foreign key (deployment_id)
        references deployments (id) on delete cascade,
    constraint deployment_status_sync_check check (char_length(sync) between 1 and 40),
    constraint deployment_status_health_check check (char_length(health) between 1 and 40),
    constraint deployment_status_phase_check check (char_length(phase) between 1 and 40),
    constraint deployment_status_revision_check check (char_length(revision) <= 2048),
    -- As stored JSON is a little larger than as text.
    constraint deployment_status_report_check check (pg_column_size(report) <= 393216),
    constraint deployment_status_hash_check check (octet_length(hash) = 16)
) with (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
-- Lists: what of a tenant is out of sync, what is not well.
create index deployment_status_sync on deployment_status (tenant_id, sync, deployment_id);
create index deployment_status_health on deployment_status (tenant_id, health, deployment_id);
-- A mirror that begins reads what was written of its engine cluster.
create index deployment_status_mirrored on deployment_status (engine_cluster_id, deployment_id);

alter table deployment_status enable row level security, force row level security;
create policy deployment_status_tenant on deployment_status to argosy_backend
    using (tenant_id = argosy_tenant() or argosy_platform_scope())
    with check (tenant_id = argosy_tenant() or argosy_platform_scope());
create policy deployment_status_all on deployment_status to argosy_agent, argosy_platform
    using (true) with check (true);
create policy deployment_status_views on deployment_status for select to argosy_views using (true);

grant select on deployment_status to argosy_backend, argosy_platform, argosy_views;
grant select, insert, update, delete on deployment_status to argosy_agent;
grant select on mirrors to argosy_backend, argosy_platform, argosy_views;
grant select, insert, update on mirrors to argosy_agent;
