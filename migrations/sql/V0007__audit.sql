-- Why: who did what, and when, must be answered a year later by somebody who was not there. The row is written in the
-- transaction of what it tells of (`settle`), and refers by value, so it outlives what it speaks of.

create sequence audit_place as bigint;

create table audit (
    -- When, and in what order within a transaction; pages go by both.
    at             timestamptz not null default now(),
    place          bigint      not null default nextval('audit_place'),
    -- None: what was done to the platform.
    tenant_id      uuid,
    -- Who did it.
    principal      text        not null,
    -- What, as in `deployment.put`.
    action         text        not null,
    -- To what.
    noun           text        not null,
    resource_id    uuid        not null,
    resource_name  text        not null default '',
    -- Its generation from then on, where it has one.
    generation     bigint,
    request_id     text        not null default '',
    -- What else is worth to know. Never a secret.
    detail         jsonb,

    constraint audit_pkey primary key (at, place),
    constraint audit_principal_check check (octet_length(principal) between 1 and 400),
    constraint audit_action_check check (char_length(action) between 1 and 60),
    constraint audit_noun_check check (char_length(noun) between 1 and 40),
    constraint audit_resource_name_check check (char_length(resource_name) <= 400),
    constraint audit_generation_check check (generation >= 1),
    constraint audit_request_id_check check (char_length(request_id) <= 200),
    constraint audit_detail_check check (octet_length(detail::text) <= 8192)
) partition by range (at);
create index audit_tenant on audit (tenant_id, at desc, place desc);
create table audit_default partition of audit default;

insert into retention (noun, dated, keep) values ('audit', 'at', interval '90 days');
select argosy_tend_partitions();

alter table audit enable row level security, force row level security;
-- Nobody changes what was: there is no policy for update or delete, and no grant.
create policy audit_read on audit for select to argosy_backend
    using (tenant_id = argosy_tenant() or argosy_platform_scope());
create policy audit_write on audit for insert to argosy_backend
    with check (tenant_id = argosy_tenant() or argosy_platform_scope());
create policy audit_all_write on audit for insert to argosy_agent, argosy_platform with check (true);
create policy audit_all_read on audit for select to argosy_platform using (true);

grant select, insert on audit to argosy_backend, argosy_platform;
grant insert on audit to argosy_agent;
grant usage on sequence audit_place to argosy_backend, argosy_agent, argosy_platform;
