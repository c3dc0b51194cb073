-- Why: a script has no browser to log in with. A key is a name for a set of rights, narrower than those of the person who
-- made it; what proves it is kept nowhere: only its hash is here.

create table api_keys (
    -- In the key itself, so that it is found without its secret.
    id             uuid        not null,
    -- None: a key of an operator.
    tenant_id      uuid,
    -- What people call it. Several may have the same.
    name           text        not null,
    -- SHA-256 of 32 random bytes: nothing to guess, so nothing to slow down.
    secret_hash    bytea       not null,
    -- In the tenant, at most so much …
    role           text,
    -- … of which these parts: read, sync, deploy, manage; each contains those before it.
    scopes         text[]      not null default '{}',
    -- … and never more than this member has at the time: with the membership, the keys that stand on it go.
    vouched_by     text,
    -- On the platform.
    platform_role  text,
    made_at        timestamptz not null default now(),
    made_by        text        not null,
    expires_at     timestamptz,
    -- To the hour, and written now and then: a key's use is no write.
    last_used_at   timestamptz,
    revoked_at     timestamptz,
    revoked_by     text,

    constraint api_keys_pkey primary key (id),
    -- Restrict: a tenant goes last.
    constraint api_keys_tenant_id_fkey foreign key (tenant_id) references tenants (id) on delete restrict,
    constraint api_keys_name_check check (char_length(name) between 1 and 100),
    constraint api_keys_secret_hash_check check (octet_length(secret_hash) = 32),
    constraint api_keys_role_check check (role in ('owner', 'deployer', 'viewer')),
    constraint api_keys_platform_role_check check (platform_role in ('operator', 'auditor')),
    constraint api_keys_scopes_check check (scopes <@ array ['read', 'sync', 'deploy', 'manage']
        and cardinality(scopes) <= 4),
    constraint api_keys_wall_check check (
        case when tenant_id is null
             then platform_role is not null and role is null and vouched_by is null and scopes = '{}'
             else platform_role is null and role is not null and vouched_by is not null and cardinality(scopes) >= 1
        end),
    constraint api_keys_vouched_by_check check (octet_length(vouched_by) between 3 and 400),
    constraint api_keys_made_by_check check (octet_length(made_by) between 1 and 400),
    constraint api_keys_revoked_by_check check ((revoked_at is null) = (revoked_by is null)
        and octet_length(revoked_by) between 1 and 400)
);
create index api_keys_tenant on api_keys (tenant_id, id);
-- Who stands on a membership that goes.
create index api_keys_vouched_by on api_keys (tenant_id, vouched_by) where revoked_at is null;

create trigger api_keys_access after delete or update of role, scopes, vouched_by, platform_role, expires_at, revoked_at
    on api_keys for each row execute function argosy_access_changed();

alter table api_keys enable row level security, force row level security;
create policy api_keys_tenant on api_keys to argosy_backend
    using (tenant_id = argosy_tenant() or argosy_platform_scope())
    with check (tenant_id = argosy_tenant() or argosy_platform_scope());
-- The one that is shown at the door.
create policy api_keys_self on api_keys for select to argosy_backend using (id = argosy_key());
create policy api_keys_platform on api_keys to argosy_platform using (true);

grant select, insert, update, delete on api_keys to argosy_backend;
grant select, delete on api_keys to argosy_platform;
