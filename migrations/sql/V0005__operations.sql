-- Why: an intent is acknowledged when its operation is in the same commit. An operation says "this engine object must be
-- brought to this generation, or a later one", and how that is going. docs/operations.md has the laws and the picture.
--
-- Order of locks, for everybody: rows of nouns, then operations, then operation_heads, then tenant_ledger.

create table operations (              -- open ones only
    id                uuid        not null,
    -- The order in a lane.
    place             bigint      not null generated always as identity,
    -- Tenant, engine cluster and resource by value: an operation outlives what it speaks of.
    tenant_id         uuid        not null,
    engine_cluster_id uuid        not null,
    kind              text        not null,
    resource_id       uuid        not null,
    lane              text        not null,
    -- 0: take-downs and what a person waits for; 1: bulk.
    class             smallint    not null,
    target            bigint      not null,
    state             text        not null,
    gate              text,
    gate_id           uuid,
    due_at            timestamptz,
    made_at           timestamptz not null default now(),
    deadline_at       timestamptz not null,
    attempts          integer     not null default 0,
    breaks            integer     not null default 0,
    -- The fence: how often it was claimed.
    token             bigint      not null default 0,
    session_id        uuid,
    -- Who takes over from it if it does not succeed.
    heir              uuid,
    -- Whether anything was ever put behind it: whoever ends it has to look who is next.
    followed          boolean     not null default false,
    -- What stood in the way of the last attempt.
    last              jsonb,
    trace             text,

    constraint operations_pkey primary key (id),
    constraint operations_kind_check check (char_length(kind) between 1 and 40),
    constraint operations_lane_check check (char_length(lane) between 1 and 80),
    constraint operations_class_check check (class in (0, 1)),
    constraint operations_target_check check (target >= 1),
    -- Each state has its own columns, and no others.
    constraint operations_state_check check (
        (state = 'gated' and gate is not null and due_at is null and session_id is null)
        or (state = 'due' and gate is null and due_at is not null and session_id is null)
        or (state = 'running' and gate is null and due_at is null and session_id is not null)),
    constraint operations_gate_check check (
        (gate is null and gate_id is null)
        or (gate in ('lane', 'verdict') and gate_id is null)
        or (gate = 'taken_down' and gate_id is not null)),
    constraint operations_attempts_check check (attempts >= 0 and breaks >= 0 and token >= 0),
    constraint operations_last_check check (octet_length(last::text) <= 8192),
    constraint operations_trace_check check (char_length(trace) <= 256)
) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.01);

create unique index operations_waiting_key on operations (kind, resource_id) where state in ('gated', 'due');
create unique index operations_head_key on operations (lane) where state in ('due', 'running');
create index operations_ready on operations (engine_cluster_id, tenant_id, class, due_at) where state = 'due';
create index operations_queue on operations (lane, place) where state = 'gated';
create index operations_gate on operations (gate_id) where gate_id is not null;
create index operations_held on operations (session_id) where state = 'running';
create index operations_deadline on operations (deadline_at);
create index operations_tenant on operations (tenant_id, id);

-- One row for each tenant on an engine cluster: what a claim looks at, so that it costs what it takes and not what waits.
create table operation_heads (
    engine_cluster_id uuid        not null,
    tenant_id         uuid        not null,
    -- There may be something to claim. False: capped, stopped, or found empty.
    ready             boolean     not null default true,
    -- When it was first found empty since somebody last put something in. An insert that saw it ready may commit after that
    -- look, so it is looked at once more a second later.
    looked_at         timestamptz,
    -- When it is to be looked at again though nobody makes it ready: once more, or when something paused is due.
    wake_at           timestamptz,
    running           integer     not null default 0,
    cap               integer     not null default 16,
    -- How much was taken from it. The least is served first; one that wakes starts at the least of the others.
    virtual_time      bigint      not null default 0,

    constraint operation_heads_pkey primary key (engine_cluster_id, tenant_id),
    constraint operation_heads_running_check check (running >= 0),
    constraint operation_heads_cap_check check (cap between 0 and 10000)
) with (fillfactor = 50);
create index operation_heads_ready on operation_heads (engine_cluster_id, virtual_time) where ready;
create index operation_heads_asleep on operation_heads (engine_cluster_id, wake_at)
    where not ready and wake_at is not null;

create table operations_ended (
    id                uuid        not null,
    tenant_id         uuid        not null,
    engine_cluster_id uuid        not null,
    kind              text        not null,
    resource_id       uuid        not null,
    lane              text        not null,
    class             smallint    not null,
    target            bigint      not null,
    made_at           timestamptz not null,
    deadline_at       timestamptz not null,
    attempts          integer     not null,
    breaks            integer     not null,
    token             bigint      not null,
    session_id        uuid,
    last              jsonb,
    trace             text,
    ending            text        not null,
    -- The generation that was applied or refused.
    seen              bigint,
    -- Who does it instead, of what was superseded.
    by_id             uuid,
    -- Why it did not succeed: for programs, and in words.
    reason            jsonb,
    sentence          text,
    ended_at          timestamptz not null default now(),

    constraint operations_ended_pkey primary key (id, ended_at),
    constraint operations_ended_ending_check check (
        ending in ('succeeded', 'failed', 'refused', 'superseded', 'cancelled', 'quarantined')),
    constraint operations_ended_by_check check ((ending = 'superseded') = (by_id is not null)),
    constraint operations_ended_reason_check check (octet_length(reason::text) <= 16384),
    constraint operations_ended_sentence_check check (char_length(sentence) <= 8192)
) partition by range (ended_at);
create index operations_ended_tenant on operations_ended (tenant_id, id);
create index operations_ended_resource on operations_ended (resource_id, ended_at);
-- For the day that nobody has made a partition for.
create table operations_ended_default partition of operations_ended default;
insert into retention (noun, dated, keep) values ('operations_ended', 'ended_at', interval '30 days');
select argosy_tend_partitions();

alter table operations enable row level security;
alter table operations force row level security;
create policy operations_tenant on operations to argosy_backend
    using (tenant_id = argosy_tenant() or argosy_platform_scope())
    with check (tenant_id = argosy_tenant() or argosy_platform_scope());
create policy operations_all on operations to argosy_agent, argosy_platform using (true) with check (true);
create policy operations_views on operations for select to argosy_views using (true);

alter table operations_ended enable row level security;
alter table operations_ended force row level security;
create policy operations_ended_tenant on operations_ended to argosy_backend
    using (tenant_id = argosy_tenant() or argosy_platform_scope())
    with check (tenant_id = argosy_tenant() or argosy_platform_scope());
create policy operations_ended_all on operations_ended to argosy_agent, argosy_platform using (true) with check (true);
create policy operations_ended_views on operations_ended for select to argosy_views using (true);

-- A head says how busy a tenant is and nothing else. An intent may make its own tenant's ready, and reads the least
-- virtual time of all, so that a tenant that comes anew is neither before nor behind the others.
alter table operation_heads enable row level security;
alter table operation_heads force row level security;
create policy operation_heads_read on operation_heads for select to argosy_backend using (true);
create policy operation_heads_insert on operation_heads for insert to argosy_backend
    with check (tenant_id = argosy_tenant() or argosy_platform_scope());
create policy operation_heads_update on operation_heads for update to argosy_backend
    using (tenant_id = argosy_tenant() or argosy_platform_scope());
create policy operation_heads_all on operation_heads to argosy_agent, argosy_platform using (true) with check (true);
create policy operation_heads_views on operation_heads for select to argosy_views using (true);

grant select, insert, update, delete on operations to argosy_backend, argosy_agent, argosy_platform;
grant select, insert on operations_ended to argosy_backend, argosy_agent, argosy_platform;
grant select, insert, update on operation_heads to argosy_backend, argosy_agent, argosy_platform;
grant select on operations, operations_ended, operation_heads to argosy_views;
