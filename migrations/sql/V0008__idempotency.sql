-- Why: an answer can be lost. Who asks again under the same key must get the answer of the first time, and nothing may
-- happen twice; so what was answered is remembered in the transaction that did it.

create table idempotency_keys (
    -- Whose key it is: the same word of two callers is two keys.
    principal     text        not null,
    key           text        not null,
    made_at       timestamptz not null default now(),
    -- None: a wish about the platform.
    tenant_id     uuid,
    -- What it was used for.
    method        text        not null,
    path          text        not null,
    -- A keyed digest: a body may hold secrets.
    body_hmac     bytea       not null,
    -- What was answered. The body is made anew from the rows: it never holds a secret.
    status        smallint    not null,
    location      text,
    resource_id   uuid,
    operation_id  uuid,

    -- With the time, as the table is partitioned by it. That there is one a day and not two is made sure by the lock in
    -- argosy_replay.
    constraint idempotency_keys_pkey primary key (principal, key, made_at),
    constraint idempotency_keys_principal_check check (octet_length(principal) between 1 and 400),
    constraint idempotency_keys_key_check check (octet_length(key) between 1 and 255),
    constraint idempotency_keys_method_check check (method in ('POST', 'PUT', 'PATCH', 'DELETE')),
    constraint idempotency_keys_path_check check (octet_length(path) between 1 and 8192),
    constraint idempotency_keys_body_hmac_check check (octet_length(body_hmac) = 32),
    constraint idempotency_keys_status_check check (status between 200 and 299),
    constraint idempotency_keys_location_check check (octet_length(location) between 1 and 2048)
) partition by range (made_at);
create table idempotency_keys_default partition of idempotency_keys default;

insert into retention (noun, dated, keep) values ('idempotency_keys', 'made_at', interval '1 day');
select argosy_tend_partitions();

alter table idempotency_keys enable row level security, force row level security;
create policy idempotency_keys_tenant on idempotency_keys to argosy_backend
    using (tenant_id = argosy_tenant() or argosy_platform_scope())
    with check (tenant_id = argosy_tenant() or argosy_platform_scope());
grant select, insert on idempotency_keys to argosy_backend;

-- What was answered to this key within a day, as the row; `{"in_progress": true}` when a twin is still at it after two
-- seconds; null when the wish is new, and from then until the end of the transaction nobody else can be at it.
--
-- It is called in the locking read of a wish, before all else. Volatile: it looks with a snapshot that is younger than
-- the lock, so it sees what the twin it waited for has committed.
create function argosy_replay(of_principal text, of_key text) returns jsonb
    language plpgsql volatile strict set lock_timeout = '2s' as $$
begin
    perform pg_advisory_xact_lock(hashtextextended(of_principal || E'\n' || of_key, 4105));
    return (
        select to_jsonb(k) from public.idempotency_keys k
         where k.principal = of_principal and k.key = of_key and k.made_at > now() - interval '1 day'
         order by k.made_at desc limit 1
    );
exception when lock_not_available then
    return jsonb_build_object('in_progress', true);
end $$;
