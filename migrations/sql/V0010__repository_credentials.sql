-- Why: a tenant says how its private repositories are read. One credential is for one repository, or for all whose
-- address begins alike; of several that fit, the one that fits best is meant.
--
-- Sealed as in V0009. A credential has no engine object of its own but one on each instance where it is used: those are
-- its seats (V0011), which have the marks of what an engine has accepted.

create table repository_credentials (
    id                  uuid        not null,
    -- Restrict: a tenant goes last.
    tenant_id           uuid        not null,
    name                text        collate "C" not null,
    generation          bigint      not null default 1,
    -- The marks of the seats are the ones that count; these are here so that all resources look alike.
    applied_generation  bigint      not null default 0,
    refused_generation  bigint      not null default 0,
    refusal             text,
    state               text        not null default 'active',
    -- domain::intent::Stored<RepositoryCredentialSpec>; no secret is in it.
    spec                jsonb       not null,
    labels              jsonb       not null default '{}',
    door                text        not null,
    lives_in            text,

    -- There is no credential without one.
    secret              bytea       not null,
    secret_key          text        generated always as
                                    (encode(substring(secret from 3 for get_byte(secret, 1)), 'escape')) stored,
    secret_fingerprint  text        not null,
    secret_set_by       text        not null,
    secret_set_at       timestamptz not null,

    made_at             timestamptz not null default now(),
    changed_at          timestamptz not null default now(),

    constraint repository_credentials_pkey primary key (id),
    constraint repository_credentials_tenant_fkey
        foreign key (tenant_id) references tenants (id) on delete restrict,
    constraint repository_credentials_name_check check (char_length(name) between 1 and 253),
    constraint repository_credentials_generation_check check (
        generation >= 1 and applied_generation between 0 and generation and refused_generation between 0 and generation),
    constraint repository_credentials_refusal_check check (char_length(refusal) <= 4000),
    constraint repository_credentials_state_check check (state in ('active', 'deleting')),
    constraint repository_credentials_spec_check check (
        jsonb_typeof(spec) = 'object' and pg_column_size(spec) <= 65536),
    constraint repository_credentials_labels_check check (
        jsonb_typeof(labels) = 'object' and pg_column_size(labels) <= 16384),
    constraint repository_credentials_door_check check (door in ('rest', 'custom_resource', 'implicit')),
    constraint repository_credentials_lives_in_check check (char_length(lives_in) <= 1000),
    constraint repository_credentials_secret_check check (octet_length(secret) between 16 and 131072),
    constraint repository_credentials_secret_fingerprint_check check (secret_fingerprint ~ '^[0-9a-f]{16}$'),
    constraint repository_credentials_secret_set_by_check check (char_length(secret_set_by) <= 400)
);

-- A new holder of a name is accepted while the old one is still being taken down.
create unique index repository_credentials_name_key on repository_credentials (tenant_id, name) where state = 'active';
-- Pages, all credentials of a tenant (which fits best is decided among all), and whoever had a name last.
create index repository_credentials_page on repository_credentials (tenant_id, name, id);
create index repository_credentials_deleting on repository_credentials (id) where state = 'deleting';

alter table repository_credentials enable row level security;
alter table repository_credentials force row level security;
create policy repository_credentials_tenant on repository_credentials to argosy_backend
    using (tenant_id = argosy_tenant() or argosy_platform_scope())
    with check (tenant_id = argosy_tenant() or argosy_platform_scope());
create policy repository_credentials_agent on repository_credentials to argosy_agent using (true) with check (true);
create policy repository_credentials_platform on repository_credentials to argosy_platform
    using (true) with check (true);

grant select, insert, update, delete on repository_credentials to argosy_backend;
grant select, delete on repository_credentials to argosy_agent;
grant update (applied_generation, refused_generation, refusal) on repository_credentials to argosy_agent;
grant select, update, delete on repository_credentials to argosy_platform;

-- Everything that decides which credential is used where in a tenant, with the seats locked: for whoever is about to
-- change it. Which credential fits an address best is the program's to say. Volatile: what it reads is younger than the
-- locks that it waited for. Tables and functions of V0011 and V0012 are in it; nobody calls it before they are there.
create function argosy_credential_scene(tenant uuid) returns jsonb
    language plpgsql volatile strict set search_path = public, pg_temp as $$
begin
    -- Two changes of one tenant's credentials, and a deployment that needs something else from now on: it holds the
    -- tenant's seat on its instance.
    perform pg_advisory_xact_lock(hashtextextended('repository_credentials ' || tenant, 4106));
    perform from seats s where s.tenant_id = tenant order by s.id for no key update;
    return jsonb_build_object(
        'credentials', (
            select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'name', c.name, 'spec', c.spec)
                                      order by c.name, c.id), '[]')
              from repository_credentials c where c.tenant_id = tenant and c.state = 'active'),
        'uses', (
            select coalesce(jsonb_agg(jsonb_build_object(
                       'deployment', d.id, 'name', d.name, 'url', r.url, 'withheld', d.withheld, 'instance', i.id,
                       'cluster', i.engine_cluster_id)), '[]')
              from deployment_repositories r
              join deployments d on d.id = r.deployment_id
              left join placements p on p.tenant_id = tenant and p.environment_id = d.environment_id
              left join engine_instances i on i.id = p.engine_instance_id
             where r.tenant_id = tenant and d.tenant_id = tenant),
        'seats', (
            select coalesce(jsonb_agg(jsonb_build_object(
                       'id', s.id, 'credential', s.resource_id, 'instance', i.id, 'cluster', i.engine_cluster_id,
                       'repositories', to_jsonb(s.repositories), 'generation', s.generation, 'state', s.state,
                       'lane', argosy_open_operations(array['repository_secret/' || s.id]))), '[]')
              from seats s
              join engine_instances i on i.id = s.engine_instance_id
             where s.tenant_id = tenant and s.noun = 'repository_credential'),
        -- Deployments that were refused or that somebody is about to write. The sweep finds the rest.
        'dependants', (
            select coalesce(jsonb_agg(to_jsonb(d)), '[]')
              from (select d.id, d.generation, d.refused_generation, d.state, i.engine_cluster_id as cluster, o.lane
                      from deployments d
                      join placements p on p.tenant_id = tenant and p.environment_id = d.environment_id
                      join engine_instances i on i.id = p.engine_instance_id
                      cross join lateral argosy_open_operations(array['application/' || d.id]) as o (lane)
                     where d.tenant_id = tenant and not d.withheld
                       and (d.refused_generation > 0 or o.lane <> '[]')
                     order by d.id limit 500) d));
end $$;
