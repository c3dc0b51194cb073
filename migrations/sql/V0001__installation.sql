-- Why: before there is anything to keep, the programs must be able to tell whether this database is theirs, and
-- nobody but its owner may make things in it.
--
-- The roles are made once a server by `argosy-migrate roles`; a migration only grants to them:
--   argosy_backend   the REST and custom-resource door
--   argosy_agent     the cluster agents
--   argosy_platform  named jobs that see all tenants
--   argosy_views     owns the operator's views, cannot log in
--   argosy_operator  reads those views (Grafana, people)

revoke create on schema public from public;
grant usage on schema public
   to argosy_backend, argosy_agent, argosy_platform, argosy_views, argosy_operator;

-- What this database is, in one row.
create table installation (
    -- Always true, so that there can be no second row.
    only_one    boolean     not null default true,
    -- Which Argosy this is, for whoever sees several. Made here, kept by every restore.
    id          uuid        not null default gen_random_uuid(),
    -- How many lives this database has had. An operator raises it after a restore or failover; positions in the feed
    -- carry it, so that a reader who has seen a future that was undone is told to start afresh.
    epoch       bigint      not null default 1,
    -- The oldest schema version whose programs still fit this schema. A migration that only adds leaves it; one that
    -- takes something away ("contract") raises it to the first version that no longer needed it. So the programs of
    -- the release before go on working while an upgrade is under way, and no longer when they would break.
    suits_from  integer     not null,
    -- When this database was first migrated.
    created_at  timestamptz not null default now(),

    constraint installation_pkey primary key (only_one),
    constraint installation_only_one_check check (only_one),
    constraint installation_epoch_check check (epoch > 0)
);

insert into installation (suits_from) values (1);

grant select on installation, refinery_schema_history
   to argosy_backend, argosy_agent, argosy_platform, argosy_views, argosy_operator;
