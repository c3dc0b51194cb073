-- Why: what goes where. This is what the whole house is about.

create table deployments (
    -- Version 7, or the UID of the custom resource.
    id                  uuid        not null,
    tenant_id           uuid        not null,
    name                text        collate "C" not null,
    -- Where to. Null: it was born as a custom resource and names an environment that is not there (yet).
    environment_id      uuid,
    -- For what does not name a namespace itself; null with an environment that is a namespace.
    namespace           text,
    generation          bigint      not null default 1,
    applied_generation  bigint      not null default 0,
    refused_generation  bigint      not null default 0,
    refusal             text,
    state               text        not null default 'active',
    -- Nothing is synced, neither by itself nor by runs.
    suspended           boolean     not null default false,
    -- While deleting: whether what was deployed goes too, or stays behind.
    prune               text        not null default 'cascade',
    -- No engine may name its repositories: another tenant holds one of them on the repo-server of its placement. Its
    -- refusal says "no engine is available".
    withheld            boolean     not null default false,
    -- The generation of its tenant's seat from which on the project allows what it needs.
    project_generation  bigint      not null default 0,
    -- How many sync runs it has had: the number of the last one.
    sync_runs           bigint      not null default 0,
    -- domain::intent::Stored<DeploymentSpec>
    spec                jsonb       not null,
    -- The labels of the spec, as an object of strings, for lists.
    labels              jsonb       not null default '{}',
    door                text        not null,
    lives_in            text,
    made_at             timestamptz not null default now(),
    changed_at          timestamptz not null default now(),

    constraint deployments_pkey primary key (id),
    -- Restrict: a tenant goes last.
    constraint deployments_tenant_fkey foreign key (tenant_id) references tenants (id) on delete restrict,
    -- Restrict: applications go before the cluster Secret that they are taken down with.
    constraint deployments_environment_fkey
        foreign key (environment_id) references environments (id) on delete restrict,
    constraint deployments_name_check check (char_length(name) between 1 and 253),
    constraint deployments_namespace_check check (char_length(namespace) between 1 and 63),
    constraint deployments_generation_check check (
        generation >= 1 and applied_generation between 0 and generation and refused_generation between 0 and generation),
    constraint deployments_refusal_check check (char_length(refusal) <= 4000),
    constraint deployments_state_check check (state in ('active', 'deleting')),
    constraint deployments_prune_check check (prune in ('cascade', 'abandon')),
    constraint deployments_counts_check check (project_generation >= 0 and sync_runs >= 0),
    constraint deployments_spec_check check (jsonb_typeof(spec) = 'object' and pg_column_size(spec) <= 131072),
    constraint deployments_labels_check check (jsonb_typeof(labels) = 'object' and pg_column_size(labels) <= 16384),
    constraint deployments_door_check check (door in ('rest', 'custom_resource')),
    constraint deployments_lives_in_check check (char_length(lives_in) <= 1000)
) with (fillfactor = 80);

-- A new holder of a name is accepted while the old one is still being taken down.
create unique index deployments_name_key on deployments (tenant_id, name) where state = 'active';
-- Pages, and whoever had a name before.
create index deployments_page on deployments (tenant_id, name, id);
-- Who uses an environment, and how full an instance is.
create index deployments_environment on deployments (environment_id);
create index deployments_deleting on deployments (id) where state = 'deleting';
-- What the engine owes.
create index deployments_owed on deployments (id) where generation > greatest(applied_generation, refused_generation);

-- Which repositories a deployment names, as declared, each once. Written with it.
create table deployment_repositories (
    deployment_id  uuid   not null,
    tenant_id      uuid   not null,
    url            text   not null,
    -- sha256 of RepositoryUrl::engine_key: what a repo-server may take for one repository.
    key_hash       bytea  not null,

    constraint deployment_repositories_pkey primary key (deployment_id, url),
    -- As long as an address may be; an index entry is not longer than 2,700 bytes.
    constraint deployment_repositories_url_check check (octet_length(url) between 1 and 2048),
    constraint deployment_repositories_key_hash_check check (octet_length(key_hash) = 32),
    -- Cascade: it is a part of the deployment.
    constraint deployment_repositories_deployment_fkey
        foreign key (deployment_id) references deployments (id) on delete cascade
);
create index deployment_repositories_tenant on deployment_repositories (tenant_id, url);
create index deployment_repositories_key_hash on deployment_repositories (key_hash);

alter table deployments             enable row level security, force row level security;
alter table deployment_repositories enable row level security, force row level security;

create policy deployments_tenant on deployments to argosy_backend
    using (tenant_id = argosy_tenant() or argosy_platform_scope())
    with check (tenant_id = argosy_tenant() or argosy_platform_scope());
create policy deployments_all on deployments to argosy_agent, argosy_platform using (true) with check (true);
create policy deployments_views on deployments for select to argosy_views using (true);

create policy deployment_repositories_tenant on deployment_repositories to argosy_backend
    using (tenant_id = argosy_tenant() or argosy_platform_scope())
    with check (tenant_id = argosy_tenant() or argosy_platform_scope());
create policy deployment_repositories_all on deployment_repositories to argosy_agent, argosy_platform
    using (true) with check (true);

grant select, insert, update, delete on deployments, deployment_repositories to argosy_backend;
-- The agent says how it went, and ends what was taken down. What users said is not its to change.
grant select, delete on deployments to argosy_agent;
grant update (applied_generation, refused_generation, refusal) on deployments to argosy_agent;
grant select on deployment_repositories to argosy_agent;
-- Named jobs place what was unplaced and mark what goes with its environment.
grant select, insert, update, delete on deployments, deployment_repositories to argosy_platform;
grant select on deployments to argosy_views;

-- The two that follow see all tenants, or they could not tell what others hold: so they say nothing but that. They widen
-- the scope by themselves and put it back, because an owner who is no superuser may not give a function a setting of ours;
-- an error ends the transaction, and the wider scope with it.

-- Of these repositories, as a repo-server takes them for one: which are held there by this tenant, which by another, and
-- which deployments of others name, proven or not.
create function argosy_contested(tenant uuid, at_repo_server text, keys bytea[])
    returns table (key_hash bytea, mine boolean, others boolean, named boolean)
    language plpgsql stable set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    scope text := coalesce(current_setting('argosy.platform', true), '');
begin
    perform set_config('argosy.platform', 'on', true);
    return query
    select k.key_hash,
           exists (select from private_urls u
                    where u.repo_server = at_repo_server and u.key_hash = k.key_hash and u.tenant_id = tenant),
           exists (select from private_urls u
                    where u.repo_server = at_repo_server and u.key_hash = k.key_hash and u.tenant_id <> tenant),
           exists (select from deployment_repositories r
                     join deployments d on d.id = r.deployment_id and not d.withheld
                     join placements p on p.environment_id = d.environment_id
                     join engine_instances i on i.id = p.engine_instance_id
                    where r.key_hash = k.key_hash and r.tenant_id <> tenant and i.repo_server = at_repo_server)
      from unnest(keys) as k (key_hash);
    perform set_config('argosy.platform', scope, true);
end $$;

-- The instances that take what names these repositories, the least loaded first. An instance qualifies if it takes
-- placements, has room, nothing is known to be wrong with it, and on its repo-server no other tenant holds any of `keys`
-- (what is known to be public is not among them), nor names any of `claims`, which are to be held from now on.
-- `prefer` comes first if it does: what is there already need not move.
create function argosy_candidates(tenant uuid, keys bytea[], claims bytea[], prefer uuid)
    returns table (engine_instance_id uuid, engine_cluster_id uuid, repo_server text, deployments bigint)
    language plpgsql stable set search_path = public, pg_temp as $$
#variable_conflict use_column
declare
    scope text := coalesce(current_setting('argosy.platform', true), '');
begin
    perform set_config('argosy.platform', 'on', true);
    return query
    select i.id, i.engine_cluster_id, i.repo_server, load.deployments
      from engine_instances i
     cross join lateral (
           select count(*) as deployments from placements p join deployments d on d.environment_id = p.environment_id
            where p.engine_instance_id = i.id) load
     where i.state = 'active' and i.health is null and load.deployments < i.capacity
       and not exists (
           select from argosy_contested(tenant, i.repo_server, keys) c
            where c.others or c.named and c.key_hash = any (claims))
     order by (i.id is not distinct from prefer) desc, load.deployments::float8 / i.capacity, i.id
     limit 1;
    perform set_config('argosy.platform', scope, true);
end $$;

-- What of a seat somebody else than this deployment still needs.
create function argosy_still_needed(seat seats, but uuid, out repositories text[], out environments uuid[])
    language sql stable set search_path = public, pg_temp as $$
    select coalesce((
               select array_agg(u.url order by u.url collate "C") from unnest(seat.repositories) as u (url)
                where exists (
                      select from deployment_repositories r
                        join deployments d on d.id = r.deployment_id and not d.withheld
                        join placements p on p.environment_id = d.environment_id
                       where r.tenant_id = seat.tenant_id and r.url = u.url and d.id is distinct from but
                         and p.engine_instance_id = seat.engine_instance_id)), '{}'),
           coalesce((
               select array_agg(e.id order by e.place) from unnest(seat.environments) with ordinality as e (id, place)
                where exists (
                      select from deployments d join placements p on p.environment_id = d.environment_id
                       where d.environment_id = e.id and not d.withheld and d.id is distinct from but
                         and p.engine_instance_id = seat.engine_instance_id)), '{}')
$$;

-- What is open in some lanes, for `store::operations::lane_from_json`.
create function argosy_open_operations(lanes text[]) returns jsonb
    language sql stable set search_path = public, pg_temp as $$
    select coalesce(jsonb_agg(to_jsonb(o) order by o.place), '[]') from (
        select * from operations where lane = any (lanes) and state in ('due', 'running')
        union all
        select * from operations where lane = any (lanes) and state = 'gated') o
$$;

-- Everything that an intent about a deployment depends on, in one round trip: what it changes is locked, and the rest is
-- read after the locks are held. Volatile: each statement in here has a snapshot of its own, which is younger than the
-- locks before it.
--
-- `asked`: {principal, key, tenant, name, id, environment, implicit, repositories: [{url, key, canonical}]}; without
-- `repositories` it is about the deployment alone.
create function argosy_deployment_before(asked jsonb) returns jsonb
    language plpgsql volatile set search_path = public, pg_temp as $$
declare
    tenant     uuid := (asked ->> 'tenant')::uuid;
    wanted     text[] := array(select r ->> 'url' from jsonb_array_elements(asked -> 'repositories') r order by 1);
    answer     jsonb := jsonb_build_object('now', now());
    own        deployments;
    target     environments;
    new_seat   seats;
    old_spot   uuid;
    new_spot   uuid;
    server     text;
    moves      boolean;
    lanes      text[];
begin
    if asked ->> 'key' is not null then
        answer := answer || jsonb_build_object('replay', argosy_replay(asked ->> 'principal', asked ->> 'key'));
        if answer -> 'replay' <> 'null'::jsonb then
            return answer;
        end if;
    end if;
    select * into own from deployments d
     where d.tenant_id = tenant
       and (d.id = (asked ->> 'id')::uuid or d.name = asked ->> 'name' and d.state = 'active')
       for update;
    if not found and asked -> 'repositories' is null then
        -- By name, whoever had it last and is still being taken down.
        select * into own from deployments d
         where d.tenant_id = tenant and d.name = asked ->> 'name' order by d.made_at desc limit 1 for update;
    end if;
    lanes := array['application/' || own.id, 'termination/' || own.id];
    select p.engine_instance_id into old_spot from placements p where p.environment_id = own.environment_id;
    answer := answer || jsonb_build_object(
        'row', case when own.id is not null then to_jsonb(own) end,
        'environment_name', (select e.name from environments e where e.id = own.environment_id),
        'unplaced', exists (select from placements p where p.environment_id = own.environment_id
                               and p.engine_instance_id is null),
        'engine_cluster', (select i.engine_cluster_id from engine_instances i where i.id = old_spot),
        'old_spot', old_spot,
        'repositories', (select coalesce(jsonb_agg(r.url order by r.url), '[]') from deployment_repositories r
                          where r.deployment_id = own.id),
        -- A sync run that comes now stands behind the verdicts of these.
        'undecided', exists (select from sync_runs r where r.deployment_id = own.id),
        'earlier', (select d.id from deployments d
                     where d.tenant_id = tenant and d.name = coalesce(own.name, asked ->> 'name') and d.state = 'deleting'
                       and d.id is distinct from own.id
                     order by d.made_at limit 1));
    if asked -> 'repositories' is not null then
        select * into target from environments e
         where e.tenant_id = tenant and e.state = 'active'
           and (e.name = asked ->> 'environment' or e.id = (asked ->> 'implicit')::uuid)
           for key share;
        select p.engine_instance_id, i.repo_server into new_spot, server
          from placements p left join engine_instances i on i.id = p.engine_instance_id
         where p.tenant_id = tenant and p.environment_id = target.id;
        answer := answer || jsonb_build_object(
            'target', case when target.id is not null then jsonb_build_object(
                'id', target.id, 'name', target.name, 'generation', target.generation,
                'applied_generation', target.applied_generation, 'refused_generation', target.refused_generation,
                'engine_instance', new_spot, 'repo_server', server,
                'engine_cluster', (select i.engine_cluster_id from engine_instances i where i.id = new_spot)) end);
        lanes := lanes || ('cluster_secret/' || target.id);
        moves := own.id is null or own.withheld or new_spot is null or own.environment_id is distinct from target.id
            or wanted is distinct from array(select jsonb_array_elements_text(answer -> 'repositories'));
        if moves then
            answer := answer || argosy_deployment_needs(asked, own, target.id, old_spot, new_spot, server);
            lanes := lanes || array(select case s ->> 'noun' when 'tenant' then 'project/' else 'repository_secret/' end
                                           || (s ->> 'id') from jsonb_array_elements(answer -> 'seats') s);
        end if;
        answer := answer || jsonb_build_object('moves', moves);
    end if;
    return answer || jsonb_build_object('operations', argosy_open_operations(lanes));
end $$;

-- Chooses an instance for an environment that has none, and answers what of the above depends on it.
create function argosy_deployment_place(asked jsonb, claims text[]) returns jsonb
    language plpgsql volatile set search_path = public, pg_temp as $$
declare
    tenant uuid := (asked ->> 'tenant')::uuid;
    own    deployments;
    target uuid := (asked ->> 'target')::uuid;
    old    uuid;
    found_ record;
    needs  jsonb;
begin
    select * into own from deployments d where d.tenant_id = tenant and d.id = (asked ->> 'own')::uuid;
    select p.engine_instance_id into old from placements p where p.environment_id = own.environment_id;
    select * into found_ from argosy_candidates(
        tenant, array(select decode(k, 'hex') from jsonb_array_elements_text(asked -> 'guarded') k),
        array(select decode(k, 'hex') from unnest(claims) k), old);
    if not found then
        return jsonb_build_object('engine_instance', null);
    end if;
    needs := argosy_deployment_needs(asked, own, target, old, found_.engine_instance_id, found_.repo_server);
    return needs || jsonb_build_object(
        'engine_instance', found_.engine_instance_id, 'engine_cluster', found_.engine_cluster_id,
        'repo_server', found_.repo_server, 'deployments', found_.deployments,
        'operations', argosy_open_operations(
            array['application/' || own.id, 'cluster_secret/' || target]
            || array(select case s ->> 'noun' when 'tenant' then 'project/' else 'repository_secret/' end || (s ->> 'id')
                       from jsonb_array_elements(needs -> 'seats') s)));
end $$;

-- The part of it about seats and repositories, for a deployment whose needs change.
--
-- Who needs no more than a seat has already shares its lock, so that makers of deployments do not queue; who makes it
-- larger or smaller has it alone. Seats are locked in the order of their ids.
create function argosy_deployment_needs(
    asked jsonb, own deployments, target uuid, old_spot uuid, new_spot uuid, server text) returns jsonb
    language plpgsql volatile set search_path = public, pg_temp as $$
declare
    tenant uuid := (asked ->> 'tenant')::uuid;
    urls   text[] := array(select r ->> 'url' from jsonb_array_elements(asked -> 'repositories') r);
    spots  uuid[] := array_remove(array[old_spot, new_spot], null);
begin
    if own.id is null then
        perform from seats s
          where s.noun = 'tenant' and s.resource_id = tenant and s.engine_instance_id = new_spot and s.state = 'active'
            and s.repositories @> urls and target = any (s.environments)
            for share;
    end if;
    if own.id is not null or not found then
        perform from seats s
          where s.noun = 'tenant' and s.resource_id = tenant and s.engine_instance_id = any (spots) and s.state = 'active'
          order by s.id for no key update;
    end if;
    return jsonb_build_object(
        'seats', (
            select coalesce(jsonb_agg(to_jsonb(s) || jsonb_build_object(
                       'engine_cluster', (select i.engine_cluster_id from engine_instances i where i.id = s.engine_instance_id),
                       'kept', case when own.id is not null and s.noun = 'tenant'
                                    then (select to_jsonb(n) from argosy_still_needed(s, own.id) n) end) order by s.id), '[]')
              from seats s
             where s.tenant_id = tenant and s.engine_instance_id = any (spots)),
        'credentials', (
            select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'coverage', c.spec -> 'coverage') order by c.name, c.id), '[]')
              from repository_credentials c where c.tenant_id = tenant and c.state = 'active'),
        'public', (
            select coalesce(jsonb_agg(r ->> 'url'), '[]') from jsonb_array_elements(asked -> 'repositories') r
              join public_urls u on u.key_hash = decode(r ->> 'canonical', 'hex')
             where u.seen_at > now() - interval '1 day'),
        'contested', (
            select coalesce(jsonb_agg(jsonb_build_object('key', encode(c.key_hash, 'hex'), 'mine', c.mine,
                                                         'others', c.others, 'named', c.named)), '[]')
              from argosy_contested(tenant, server,
                   array(select decode(r ->> 'key', 'hex') from jsonb_array_elements(asked -> 'repositories') r)) c
             where server is not null));
end $$;

-- Writes what a deployment needs on its engine: the placement of its environment, private repositories that are its
-- tenant's from now on, and seats. Answers how many rows of placements and seats it wrote: fewer than it was given means
-- that somebody else was first.
create function argosy_write_needs(placement jsonb, claims jsonb, changed jsonb) returns bigint
    language plpgsql volatile set search_path = public, pg_temp as $$
declare
    written bigint;
    reached bigint;
begin
    insert into placements as p (tenant_id, environment_id, engine_instance_id, reason)
    select tenant_id, environment_id, engine_instance_id, reason
      from jsonb_populate_record(null::placements, placement) where environment_id is not null
    on conflict on constraint placements_pkey do update
       set engine_instance_id = excluded.engine_instance_id, reason = excluded.reason, changed_at = now()
     where p.engine_instance_id is null;
    get diagnostics reached = row_count;

    insert into private_urls (repo_server, key_hash, engine_key, tenant_id)
    select c.repo_server, decode(c.key, 'hex'), c.engine_key, c.tenant_id
      from jsonb_to_recordset(claims) as c (repo_server text, key text, engine_key text, tenant_id uuid);

    update seats s
       set repositories = w.repositories, environments = w.environments, generation = w.generation,
           refused_generation = 0, refusal = null, state = w.state, changed_at = now()
      from jsonb_populate_recordset(null::seats, changed) w
     where s.id = w.id and s.state = 'active' and s.generation = w.generation - 1;
    get diagnostics written = row_count;
    reached := reached + written;

    insert into seats (id, tenant_id, noun, resource_id, engine_instance_id, repositories, environments)
    select id, tenant_id, noun, resource_id, engine_instance_id, repositories, environments
      from jsonb_populate_recordset(null::seats, changed) where generation = 1;
    get diagnostics written = row_count;
    return reached + written;
end $$;

-- Makes the seats of a tenant as small as they may be, after deployments of it are gone: what nobody needs any more is
-- taken out, and what is empty then is to be taken down. Answers the seats that changed, as they are now.
create function argosy_shrink_seats(tenant uuid) returns setof seats
    language plpgsql volatile set search_path = public, pg_temp as $$
declare
    project seats;
    other   seats;
    needed  record;
begin
    for project in
        select * from seats s where s.tenant_id = tenant and s.noun = 'tenant' and s.state = 'active'
         order by s.id for no key update
    loop
        select * into needed from argosy_still_needed(project, null);
        if needed.repositories <> project.repositories or needed.environments <> project.environments
           or needed.environments = '{}' then
            update seats s set repositories = needed.repositories, environments = needed.environments,
                               generation = s.generation + 1, changed_at = now(),
                               state = case when needed.environments = '{}' then 'deleting' else 'active' end
             where s.id = project.id returning * into project;
            return next project;
        end if;
        for other in
            select * from seats s
             where s.tenant_id = tenant and s.noun = 'repository_credential' and s.state = 'active'
               and s.engine_instance_id = project.engine_instance_id
               and not s.repositories <@ project.repositories
             order by s.id for no key update
        loop
            update seats s set repositories = kept.urls, generation = s.generation + 1, changed_at = now(),
                               state = case when kept.urls = '{}' then 'deleting' else 'active' end
              from (select array(select u.url from unnest(other.repositories) as u (url)
                                  where u.url = any (project.repositories) order by u.url collate "C") as urls) kept
             where s.id = other.id returning s.* into other;
            return next other;
        end loop;
    end loop;
end $$;
