-- Why: work needs somewhere to go. Engine clusters host engine instances (one Argo CD in one namespace each), cluster
-- agents hold sessions with leases, and an operator must be able to say "claim nothing there".
--
-- None of these tables belongs to a tenant. Tenants never see them; the backend shows them to operators only.

-- A cluster that hosts engines. The name is what agents are configured with (NAME=KUBECONFIG).
create table engine_clusters (
    id          uuid        not null,
    name        text        not null,
    made_at     timestamptz not null default now(),

    constraint engine_clusters_pkey primary key (id),
    constraint engine_clusters_name_key unique (name),
    constraint engine_clusters_name_check check (char_length(name) between 1 and 63)
);

-- One Argo CD in one namespace.
create table engine_instances (
    id                uuid        not null,
    engine_cluster_id uuid        not null,
    name              text        not null,
    namespace         text        not null,
    -- Which repo-server (working directory and cache) it reads repositories through. Instances with the same text share
    -- one, and with it the rule that a private URL there belongs to one tenant.
    repo_server       text        not null,
    -- How many deployments it takes, for placement.
    capacity          integer     not null default 1000,
    -- active: takes placements. cordoned: an operator wants no new ones. unfit: we found that it is not set up as it must be.
    state             text        not null default 'active',
    -- Why it is cordoned or unfit, or what is wrong with it, for operators. Null: nothing is known to be wrong.
    health            text,
    made_at           timestamptz not null default now(),
    changed_at        timestamptz not null default now(),

    constraint engine_instances_pkey primary key (id),
    -- Restrict: what is placed there would lose its way; an operator empties an engine cluster before it goes.
    constraint engine_instances_engine_cluster_fkey foreign key (engine_cluster_id)
        references engine_clusters (id) on delete restrict,
    constraint engine_instances_name_key unique (name),
    constraint engine_instances_namespace_key unique (engine_cluster_id, namespace),
    constraint engine_instances_name_check check (char_length(name) between 1 and 63),
    constraint engine_instances_namespace_check check (char_length(namespace) between 1 and 63),
    constraint engine_instances_repo_server_check check (char_length(repo_server) between 1 and 253),
    constraint engine_instances_capacity_check check (capacity between 0 and 1000000),
    constraint engine_instances_state_check check (state in ('active', 'cordoned', 'unfit')),
    constraint engine_instances_health_check check (char_length(health) <= 2000)
);

-- Where nothing is to be claimed. What runs goes on; what waits, waits, and fails at its deadline with that reason.
create table stops (
    id                uuid        not null,
    scope             text        not null,
    engine_cluster_id uuid,
    -- By value: a stop outlives its tenant, and does no harm then.
    tenant_id         uuid,
    reason            text        not null,
    made_by           text        not null,
    made_at           timestamptz not null default now(),

    constraint stops_pkey primary key (id),
    -- Cascade: a stop of an engine cluster that is gone means nothing.
    constraint stops_engine_cluster_fkey foreign key (engine_cluster_id)
        references engine_clusters (id) on delete cascade,
    constraint stops_scope_check check (
        (scope = 'all' and engine_cluster_id is null and tenant_id is null)
        or (scope = 'engine_cluster' and engine_cluster_id is not null and tenant_id is null)
        or (scope = 'tenant' and engine_cluster_id is null and tenant_id is not null)),
    constraint stops_reason_check check (char_length(reason) between 1 and 1000),
    constraint stops_made_by_check check (char_length(made_by) between 1 and 400)
);
create unique index stops_scope_key on stops (scope, coalesce(engine_cluster_id, tenant_id, id)) where scope <> 'all';
create unique index stops_all_key on stops (scope) where scope = 'all';
create index stops_tenant on stops (tenant_id) where scope = 'tenant';

-- A running agent process. Its lease covers whatever it holds: one keep-alive an agent, not one an operation.
-- A lease that has run out is never renewed: the agent begins a new session and forgets what it held.
create table sessions (
    id              uuid        not null,
    name            text        not null,
    version         text        not null,
    -- What it can do, for operators.
    capabilities    text[]      not null default '{}',
    engine_clusters uuid[]      not null,
    lease_ends_at   timestamptz not null,
    last_seen       timestamptz not null default now(),
    made_at         timestamptz not null default now(),

    constraint sessions_pkey primary key (id),
    constraint sessions_name_check check (char_length(name) between 1 and 253),
    constraint sessions_version_check check (char_length(version) between 1 and 100),
    constraint sessions_capabilities_check check (cardinality(capabilities) <= 100),
    constraint sessions_engine_clusters_check check (cardinality(engine_clusters) <= 1000)
) with (fillfactor = 50);

-- It names tenants, so it has the wall of all tables that do; operators write it.
alter table stops enable row level security, force row level security;
create policy stops_tenant on stops to argosy_backend
    using (tenant_id = argosy_tenant() or argosy_platform_scope()) with check (argosy_platform_scope());
create policy stops_all on stops for select to argosy_agent, argosy_platform, argosy_views using (true);

grant select, insert, update, delete on engine_clusters, engine_instances, stops to argosy_backend;
grant select on sessions to argosy_backend;
grant select on engine_clusters, engine_instances, stops to argosy_agent, argosy_platform;
grant update (state, health, changed_at) on engine_instances to argosy_agent, argosy_platform;
grant select, insert, update, delete on sessions to argosy_agent;
grant select on sessions to argosy_platform;
grant select on engine_clusters, engine_instances, stops, sessions to argosy_views;
