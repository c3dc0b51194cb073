-- Why: a tenant says where it deploys to: a cluster, or some namespaces of one, with credentials of its own.
--
-- The credentials are sealed (AES-256-GCM-SIV) by the program, for exactly this tenant, table, column and row: the
-- database never sees them, and a sealed value that is copied to another row does not open there.

create table environments (
    -- Version 7, or the UID of the custom resource, or UUIDv5 of a namespace ("implicit").
    id                  uuid        not null,
    -- Restrict: a tenant goes last, after everything of it was taken down.
    tenant_id           uuid        not null,
    -- "C": pages are in byte order, whatever the server's locale, and a prefix is a range of the index.
    name                text        collate "C" not null,
    -- How often spec or secret have changed.
    generation          bigint      not null default 1,
    -- What the engine has accepted, what it refused (0: nothing, or something has changed since), and why.
    applied_generation  bigint      not null default 0,
    refused_generation  bigint      not null default 0,
    refusal             text,
    state               text        not null default 'active',
    -- While deleting: the deployments in it go too, marked by a sweep in pages; the environment goes after the last.
    cascades            boolean     not null default false,
    -- domain::intent::Stored<EnvironmentSpec>; no secret is in it.
    spec                jsonb       not null,
    -- The labels of the spec, as an object of strings, for lists.
    labels              jsonb       not null default '{}',
    door                text        not null,
    -- Where the custom resource is that this was made from, for whom it concerns.
    lives_in            text,

    -- Null: there is none yet (an implicit environment whose ServiceAccount has no token so far).
    secret              bytea,
    -- Under which key it is sealed: in the clear part of it (version, length of the id, id). For `keys status`.
    secret_key          text        generated always as
                                    (encode(substring(secret from 3 for get_byte(secret, 1)), 'escape')) stored,
    -- A keyed digest, to tell whether it is the same; who gave it, and when.
    secret_fingerprint  text,
    secret_set_by       text,
    secret_set_at       timestamptz,

    -- The last connection check: of which generation, when, and what it said (domain's report, as JSON).
    checked_generation  bigint      not null default 0,
    checked_at          timestamptz,
    check_report        jsonb,
    -- No Application refers to an environment that was never reached.
    passed_once         boolean     not null default false,

    made_at             timestamptz not null default now(),
    changed_at          timestamptz not null default now(),

    constraint environments_pkey primary key (id),
    constraint environments_tenant_fkey foreign key (tenant_id) references tenants (id) on delete restrict,
    constraint environments_name_check check (char_length(name) between 1 and 253),
    constraint environments_generation_check check (
        generation >= 1 and applied_generation between 0 and generation and refused_generation between 0 and generation),
    constraint environments_refusal_check check (char_length(refusal) <= 4000),
    constraint environments_state_check check (state in ('active', 'deleting')),
    constraint environments_cascades_check check (not cascades or state = 'deleting'),
    constraint environments_spec_check check (jsonb_typeof(spec) = 'object' and pg_column_size(spec) <= 262144),
    constraint environments_labels_check check (jsonb_typeof(labels) = 'object' and pg_column_size(labels) <= 16384),
    constraint environments_door_check check (door in ('rest', 'custom_resource', 'implicit')),
    constraint environments_lives_in_check check (char_length(lives_in) <= 1000),
    constraint environments_secret_check check (octet_length(secret) between 16 and 131072),
    constraint environments_secret_whole_check check (
        num_nulls(secret, secret_fingerprint, secret_set_by, secret_set_at) in (0, 4)),
    constraint environments_secret_fingerprint_check check (secret_fingerprint ~ '^[0-9a-f]{16}$'),
    constraint environments_secret_set_by_check check (char_length(secret_set_by) <= 400),
    constraint environments_check_check check (
        num_nulls(checked_at, check_report) in (0, 2) and checked_generation between 0 and generation
        and pg_column_size(check_report) <= 65536)
);

-- A new holder of a name is accepted while the old one is still being taken down.
create unique index environments_name_key on environments (tenant_id, name) where state = 'active';
-- Pages, and whoever had a name last.
create index environments_page on environments (tenant_id, name, id);
-- What a sweep has to end.
create index environments_deleting on environments (id) where state = 'deleting';
-- What the engine owes.
create index environments_owed on environments (id) where generation > greatest(applied_generation, refused_generation);

alter table environments enable row level security;
alter table environments force row level security;
create policy environments_tenant on environments to argosy_backend
    using (tenant_id = argosy_tenant() or argosy_platform_scope())
    with check (tenant_id = argosy_tenant() or argosy_platform_scope());
create policy environments_agent on environments to argosy_agent using (true) with check (true);
create policy environments_platform on environments to argosy_platform using (true) with check (true);

grant select, insert, update, delete on environments to argosy_backend;
-- The agent says how it went, and ends what was taken down. What users said is not its to change.
grant select, delete on environments to argosy_agent;
grant update (applied_generation, refused_generation, refusal, checked_generation, checked_at, check_report, passed_once)
   on environments to argosy_agent;
-- Named jobs mark children of what is deleted and seal anew.
grant select, update, delete on environments to argosy_platform;
