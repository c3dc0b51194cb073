-- Why: whoever watches a tenant must see every change once and in order. And an intent must be one write: its row, its
-- operations, the audit, the counters, the feed and the answer to its repetition are in one commit or nowhere.

create table feed (
    tenant_id    uuid        not null,
    -- Given under the lock of the tenant's ledger, which is held until the commit: nobody sees a later one first.
    position     bigint      not null,
    at           timestamptz not null default now(),
    -- What changed: `deployment`, `environment`, `operation`, …
    noun         text        not null,
    resource_id  uuid        not null,
    -- How: `created`, `changed`, `deleting`, `deleted`, `status`; of operations their ending.
    change       text        not null,
    generation   bigint,
    -- What a reader wants to know without asking again. Never a secret.
    facts        jsonb,

    constraint feed_pkey primary key (tenant_id, position, at),
    constraint feed_position_check check (position >= 1),
    constraint feed_noun_check check (char_length(noun) between 1 and 40),
    constraint feed_change_check check (char_length(change) between 1 and 40),
    constraint feed_facts_check check (octet_length(facts::text) <= 8192)
) partition by range (at);
create table feed_default partition of feed default;
insert into retention (noun, dated, keep) values ('feed', 'at', interval '7 days');
select argosy_tend_partitions();

alter table feed enable row level security, force row level security;
create policy feed_read on feed for select to argosy_backend
    using (tenant_id = argosy_tenant() or argosy_platform_scope());
create policy feed_write on feed for insert to argosy_backend
    with check (tenant_id = argosy_tenant() or argosy_platform_scope());
create policy feed_all on feed to argosy_agent, argosy_platform using (true) with check (true);
grant select, insert on feed to argosy_backend, argosy_agent, argosy_platform;

-- The lane is not as it was when the decision was made. Looks like a unique violation, because the same race shows as a
-- real one elsewhere: the caller decides again, in a new transaction.
create function argosy_decide_again(what text) returns void
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise unique_violation using
        message = format('the lane has moved on: %s', what), table = 'operations', constraint = 'operations_head_key';
end $$;

-- Makes sure that somebody looks at a tenant's operations on an engine cluster. Writes only where it has to: whoever finds
-- the head ready leaves it alone. A head that wakes starts at the least virtual time of all that are ready: neither
-- before nor behind them.
create function argosy_wake_head(cluster uuid, tenant uuid) returns void
    language plpgsql set search_path = public, pg_temp as $$
declare
    least_time bigint;
begin
    perform from operation_heads
      where engine_cluster_id = cluster and tenant_id = tenant and (ready or running >= cap);
    if found then
        return;
    end if;
    select virtual_time into least_time from operation_heads
     where engine_cluster_id = cluster and ready order by virtual_time limit 1;
    insert into operation_heads as head (engine_cluster_id, tenant_id, virtual_time)
    values (cluster, tenant, coalesce(least_time, 0))
    on conflict on constraint operation_heads_pkey do update
       set ready = head.running < head.cap, looked_at = null, wake_at = null,
           virtual_time = greatest(head.virtual_time, least_time)
     where not head.ready;
end $$;

-- One operation into its lane, as `domain::operation::decide` said: what it retires ends, and who is before it knows.
-- Answers how many operations that makes more, or fewer.
create function argosy_insert_operation(tenant uuid, step jsonb) returns integer
    language plpgsql set search_path = public, pg_temp as $$
declare
    retired integer;
begin
    with gone as (
        delete from operations
         where id = any (array(select jsonb_array_elements_text(step -> 'retires'))::uuid[])
           and tenant_id = tenant and state in ('gated', 'due')
        returning *)
    insert into operations_ended (id, tenant_id, engine_cluster_id, kind, resource_id, lane, class, target, made_at,
                                  deadline_at, attempts, breaks, token, last, trace, ending, by_id, sentence)
    select id, tenant_id, engine_cluster_id, kind, resource_id, lane, class, target, made_at,
           deadline_at, attempts, breaks, token, last, trace, 'superseded', (step ->> 'id')::uuid, step ->> 'superseded'
      from gone;
    get diagnostics retired = row_count;
    if retired <> jsonb_array_length(step -> 'retires') then
        perform argosy_decide_again('what it retires does not wait any more');
    end if;

    if step ->> 'heir_of' is not null then
        update operations set followed = true, heir = (step ->> 'id')::uuid
         where id = (step ->> 'heir_of')::uuid and state = 'running';
        if not found then
            perform argosy_decide_again('what it inherits from does not run any more');
        end if;
    elsif step ->> 'gate' = 'lane' then
        update operations set followed = true where lane = step ->> 'lane' and state in ('due', 'running');
        if not found then
            perform argosy_decide_again('nothing is before it any more');
        end if;
    end if;

    insert into operations (id, tenant_id, engine_cluster_id, kind, resource_id, lane, class, target, state, gate, gate_id,
                            due_at, deadline_at, trace, followed)
    values ((step ->> 'id')::uuid, tenant, (step ->> 'engine_cluster')::uuid, step ->> 'kind', (step ->> 'resource')::uuid,
            step ->> 'lane', (step ->> 'class')::smallint, (step ->> 'target')::bigint,
            case when step ->> 'gate' is null then 'due' else 'gated' end,
            step ->> 'gate', (step ->> 'gate_id')::uuid,
            case when step ->> 'gate' is null then now() end,
            now() + make_interval(secs => (case when step ->> 'gate' is null then step ->> 'patience' else step ->> 'cap'
                                           end)::double precision),
            step ->> 'trace',
            -- It may take the place of a head that others stand behind.
            exists (select from operations
                     where lane = step ->> 'lane' and state = 'gated' and gate = 'lane' and step ->> 'gate' is null));
    return 1 - retired;
end $$;

-- A change of the same subject joins the operation that waits for its turn or its worker.
create function argosy_join_operation(tenant uuid, step jsonb) returns void
    language plpgsql set search_path = public, pg_temp as $$
declare
    patience interval := make_interval(secs => (step ->> 'patience')::double precision);
    longest  interval := make_interval(secs => (step ->> 'cap')::double precision);
begin
    update operations
       set target = greatest(target, (step ->> 'target')::bigint), attempts = 0, breaks = 0, last = null,
           class = least(class, (step ->> 'class')::smallint),
           due_at = case when state = 'due' then now() end,
           deadline_at = case when state = 'due' then least(now() + patience, made_at + longest) else deadline_at end
     where id = (step ->> 'id')::uuid and tenant_id = tenant and state in ('gated', 'due') and deadline_at > now();
    if not found then
        perform argosy_decide_again('what it joins does not wait any more');
    end if;
end $$;

-- Everything a change brings along, as `store::change::Change` writes it. Called inside the statement that writes the
-- change itself. The ledger comes last: its lock is held until the commit, and orders the feed.
create function settle(change jsonb) returns jsonb
    language plpgsql set search_path = public, pg_temp as $$
declare
    tenant  uuid := (change ->> 'tenant')::uuid;
    step    jsonb;
    cluster uuid;
    opened  integer := 0;
    rows_of integer := jsonb_array_length(change -> 'feed');
    reached bigint;
begin
    for step in select * from jsonb_array_elements(change -> 'operations') loop
        case step ->> 'step'
            when 'insert' then opened := opened + argosy_insert_operation(tenant, step);
            when 'join' then perform argosy_join_operation(tenant, step);
        end case;
    end loop;
    for cluster in
        select distinct (s ->> 'engine_cluster')::uuid from jsonb_array_elements(change -> 'operations') s order by 1
    loop
        perform argosy_wake_head(cluster, tenant);
    end loop;

    insert into audit (tenant_id, principal, action, noun, resource_id, resource_name, generation, request_id, detail)
    select tenant, a.principal, a.action, a.noun, a.resource_id, coalesce(a.resource_name, ''), a.generation,
           coalesce(a.request_id, ''), a.detail
      from jsonb_to_recordset(change -> 'audit') as a (
           principal text, action text, noun text, resource_id uuid, resource_name text, generation bigint,
           request_id text, detail jsonb);

    if change -> 'idempotency' is not null and change -> 'idempotency' <> 'null'::jsonb then
        insert into idempotency_keys (tenant_id, principal, key, method, path, body_hmac, status, location, resource_id,
                                      operation_id)
        select tenant, i.principal, i.key, i.method, i.path, decode(i.body_hmac, 'hex'), i.status, i.location,
               i.resource_id, i.operation_id
          from jsonb_to_record(change -> 'idempotency') as i (
               principal text, key text, method text, path text, body_hmac text, status smallint, location text,
               resource_id uuid, operation_id uuid);
    end if;

    if tenant is null then
        return jsonb_build_object('position', null);
    end if;
    update tenant_ledger
       set feed_position = feed_position + rows_of,
           deployments = deployments + (change #>> '{ledger,deployments}')::integer,
           environments = environments + (change #>> '{ledger,environments}')::integer,
           repository_credentials = repository_credentials + (change #>> '{ledger,repository_credentials}')::integer,
           api_keys = api_keys + (change #>> '{ledger,api_keys}')::integer,
           open_operations = open_operations + opened + (change #>> '{ledger,open_operations}')::integer
     where tenant_id = tenant
    returning feed_position into reached;
    if reached is null then
        raise foreign_key_violation using
            message = 'the tenant has no ledger', table = 'tenant_ledger', constraint = 'tenant_ledger_pkey';
    end if;
    insert into feed (tenant_id, position, noun, resource_id, change, generation, facts)
    select tenant, reached - rows_of + f.ordinality, f.row ->> 'noun', (f.row ->> 'resource_id')::uuid,
           f.row ->> 'change', (f.row ->> 'generation')::bigint, nullif(f.row -> 'facts', 'null'::jsonb)
      from jsonb_array_elements(change -> 'feed') with ordinality as f (row, ordinality);
    return jsonb_build_object('position', reached);
end $$;
