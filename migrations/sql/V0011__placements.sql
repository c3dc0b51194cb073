-- Why: something has to say which engine serves which environment, and why; and what a tenant needs on that engine. Both
-- are rows that people can look at, not conclusions that every reader draws anew.

-- Which instance serves (tenant, environment). Made by the first intent that needs it, and kept: moving is a matter of its
-- own.
create table placements (
    tenant_id           uuid        not null,
    environment_id      uuid        not null,
    -- Null: no instance qualifies. It is placed when one does.
    engine_instance_id  uuid,
    -- Counts the moves: who acts for an older one has lost the placement.
    generation          bigint      not null default 1,
    -- Why there, or why nowhere. For operators: a tenant never reads who else is in the way.
    reason              text        not null,
    made_at             timestamptz not null default now(),
    changed_at          timestamptz not null default now(),

    constraint placements_pkey primary key (tenant_id, environment_id),
    -- Restrict: a tenant goes last.
    constraint placements_tenant_fkey foreign key (tenant_id) references tenants (id) on delete restrict,
    -- Cascade: where an environment is served means nothing without the environment.
    constraint placements_environment_fkey foreign key (environment_id) references environments (id) on delete cascade,
    -- Restrict: an operator empties an instance before it goes.
    constraint placements_engine_instance_fkey
        foreign key (engine_instance_id) references engine_instances (id) on delete restrict,
    constraint placements_generation_check check (generation >= 1),
    constraint placements_reason_check check (char_length(reason) between 1 and 2000)
);
create unique index placements_environment_key on placements (environment_id);
create index placements_instance on placements (engine_instance_id);
-- What waits for room.
create index placements_unplaced on placements (made_at, environment_id) where engine_instance_id is null;

-- What belongs to no single environment but is written to an instance: a tenant's project, a credential's Secrets. One row
-- for each object and instance, as long as something there needs it.
create table seats (
    id                  uuid        not null,
    tenant_id           uuid        not null,
    noun                text        not null,
    -- The tenant, or the credential. By value: the end of a credential is the end of its seats, which takes a while.
    resource_id         uuid        not null,
    engine_instance_id  uuid        not null,
    -- What it must allow, or serve: repositories as declared, sorted, each once. It grows with the intent that needs more,
    -- and shrinks when the last that needed something is gone. Whoever relies on what is in here holds the row's lock.
    repositories        text[]      not null default '{}',
    -- The same for environments; only a tenant's.
    environments        uuid[]      not null default '{}',
    generation          bigint      not null default 1,
    applied_generation  bigint      not null default 0,
    refused_generation  bigint      not null default 0,
    refusal             text,
    state               text        not null default 'active',
    made_at             timestamptz not null default now(),
    changed_at          timestamptz not null default now(),

    constraint seats_pkey primary key (id),
    -- Restrict: a tenant goes last.
    constraint seats_tenant_fkey foreign key (tenant_id) references tenants (id) on delete restrict,
    -- Restrict: what is written there must be taken down there.
    constraint seats_engine_instance_fkey
        foreign key (engine_instance_id) references engine_instances (id) on delete restrict,
    constraint seats_noun_check check (noun in ('tenant', 'repository_credential')),
    constraint seats_environments_check check (noun = 'tenant' or environments = '{}'),
    constraint seats_size_check check (pg_column_size(repositories) <= 1048576 and cardinality(environments) <= 10000),
    constraint seats_generation_check check (
        generation >= 1 and applied_generation between 0 and generation and refused_generation between 0 and generation),
    constraint seats_refusal_check check (char_length(refusal) <= 4000),
    constraint seats_state_check check (state in ('active', 'deleting'))
) with (fillfactor = 70);
-- A new one is accepted while the old one is still being taken down; its first operation stands behind that.
create unique index seats_resource_key on seats (noun, resource_id, engine_instance_id) where state = 'active';
create index seats_resource on seats (resource_id, engine_instance_id);
create index seats_tenant on seats (tenant_id, engine_instance_id);
create index seats_instance on seats (engine_instance_id);
create index seats_owed on seats (id) where generation > greatest(applied_generation, refused_generation);

-- Private repositories, and the one tenant that may name each on a repo-server: its clones know no tenants (LAWS, "The
-- leak"). Taken before a credential or an Application for it is first written there. Kept until that repo-server was
-- restarted with an empty directory.
create table private_urls (
    repo_server  text        not null,
    -- sha256 of the key below: an address can be longer than an index entry.
    key_hash     bytea       not null,
    -- What a repo-server may take for one repository: RepositoryUrl::engine_key.
    engine_key   text        not null,
    tenant_id    uuid        not null,
    made_at      timestamptz not null default now(),

    constraint private_urls_pkey primary key (repo_server, key_hash),
    -- Restrict: a claim ends with the repo-server's restart, not with the tenant.
    constraint private_urls_tenant_fkey foreign key (tenant_id) references tenants (id) on delete restrict,
    constraint private_urls_repo_server_check check (char_length(repo_server) between 1 and 253),
    constraint private_urls_engine_key_check check (octet_length(engine_key) between 1 and 8192),
    constraint private_urls_key_hash_check check (key_hash = sha256(convert_to(engine_key, 'UTF8')))
);
create index private_urls_tenant on private_urls (tenant_id);

-- Repositories that somebody without any credential could read a while ago: none of the above applies to them. The
-- agents' git room writes it; what it has not seen for a day is not public any more.
create table public_urls (
    key_hash   bytea       not null,
    -- RepositoryUrl::canonical, not the coarser key: that `host/a` is public says nothing about `host/A`.
    canonical  text        not null,
    seen_at    timestamptz not null default now(),

    constraint public_urls_pkey primary key (key_hash),
    constraint public_urls_canonical_check check (octet_length(canonical) between 1 and 8192),
    constraint public_urls_key_hash_check check (key_hash = sha256(convert_to(canonical, 'UTF8')))
);

alter table placements   enable row level security, force row level security;
alter table seats        enable row level security, force row level security;
alter table private_urls enable row level security, force row level security;

create policy placements_tenant on placements to argosy_backend
    using (tenant_id = argosy_tenant() or argosy_platform_scope())
    with check (tenant_id = argosy_tenant() or argosy_platform_scope());
create policy placements_all on placements to argosy_agent, argosy_platform using (true) with check (true);
create policy placements_views on placements for select to argosy_views using (true);

create policy seats_tenant on seats to argosy_backend
    using (tenant_id = argosy_tenant() or argosy_platform_scope())
    with check (tenant_id = argosy_tenant() or argosy_platform_scope());
create policy seats_all on seats to argosy_agent, argosy_platform using (true) with check (true);
create policy seats_views on seats for select to argosy_views using (true);

create policy private_urls_tenant on private_urls to argosy_backend
    using (tenant_id = argosy_tenant() or argosy_platform_scope())
    with check (tenant_id = argosy_tenant() or argosy_platform_scope());
create policy private_urls_all on private_urls to argosy_agent, argosy_platform using (true) with check (true);
create policy private_urls_views on private_urls for select to argosy_views using (true);

grant select, insert, update, delete on placements, seats to argosy_backend, argosy_platform;
grant select on placements to argosy_agent;
-- The agent says how it went, ends what was taken down, and makes a project smaller when a deployment is gone.
grant select, update, delete on seats to argosy_agent;
grant select, insert on private_urls to argosy_backend, argosy_platform;
grant select on private_urls to argosy_agent;
grant delete on private_urls to argosy_platform;
grant select on public_urls to argosy_backend, argosy_platform;
grant select, insert, update, delete on public_urls to argosy_agent;
grant select on placements, seats, private_urls, public_urls to argosy_views;
