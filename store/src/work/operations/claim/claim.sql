-- $1 session, $2 engine cluster, $3 kinds, $4 how many, $5 how many of one tenant
with alive as materialized (
    select lease_ends_at, set_config('synchronous_commit', 'off', true) from sessions where id = $1 and lease_ends_at > now()),
heads as materialized (
    select h.tenant_id, h.looked_at,
           case when exists (select from stops s where s.scope = 'tenant' and s.tenant_id = h.tenant_id) then 0
                else greatest(0, least(h.cap - h.running, $5)) end as room
      from (select * from (
                select tenant_id, looked_at, cap, running, virtual_time from operation_heads
                 where ready and engine_cluster_id = $2
                 order by virtual_time limit $4 for no key update skip locked) awake
            union all
            select * from (
                select tenant_id, looked_at, cap, running, virtual_time from operation_heads
                 where not ready and wake_at <= now() and engine_cluster_id = $2
                 order by wake_at limit $4 for no key update skip locked) asleep) h
     where exists (select from alive)
       and not exists (select from stops s
                        where s.scope = 'all' or (s.scope = 'engine_cluster' and s.engine_cluster_id = $2))
     order by h.virtual_time),
due as materialized (
    select o.id
      from heads cross join lateral (
           select p.id
             from (values (0::smallint), (1::smallint)) c (class) cross join lateral (
                  select q.id from operations q
                   where q.state = 'due' and q.engine_cluster_id = $2 and q.tenant_id = heads.tenant_id
                     and q.class = c.class and q.due_at <= now() and q.deadline_at > now() and q.kind = any ($3)
                   order by q.due_at limit heads.room for no key update skip locked) p
            limit heads.room) o
     limit $4),
claimed as (
    update operations o
       set state = 'running', due_at = null, token = o.token + 1, attempts = o.attempts + 1, session_id = $1
      from due where o.id = due.id
    returning o.*),
taken as materialized (select tenant_id, count(*)::integer as number from claimed group by tenant_id),
-- What was looked at in vain goes to sleep; not what was left out because enough was taken.
visited as (
    update operation_heads h
       set running = h.running + v.number,
           virtual_time = h.virtual_time + v.number,
           ready = case when v.room = 0 or v.emptied then false else h.running + v.number < h.cap end,
           looked_at = case when v.emptied then coalesce(v.looked_at, now()) end,
           wake_at = case when v.emptied then least(
               -- Once more, a second after the first look.
               case when v.looked_at is null then now() + interval '1 second'
                    when v.looked_at + interval '1 second' > now() then v.looked_at + interval '1 second' end,
               -- When something paused is due.
               (select min(f.due_at)
                  from (values (0::smallint), (1::smallint)) c (class) cross join lateral (
                       select q.due_at from operations q
                        where q.state = 'due' and q.engine_cluster_id = $2 and q.tenant_id = h.tenant_id
                          and q.class = c.class and q.due_at > now()
                        order by q.due_at limit 1) f),
               -- What is due and was not for us: locked just now, past its deadline, or of a newer version's kinds.
               case when exists (select from operations q
                                  where q.state = 'due' and q.engine_cluster_id = $2 and q.tenant_id = h.tenant_id
                                    and q.due_at <= now())
                    then now() + interval '5 seconds' end) end
      from (select heads.tenant_id, heads.room, heads.looked_at, coalesce(taken.number, 0) as number,
                   heads.room > 0 and taken.number is null and (select count(*) from due) < $4 as emptied
              from heads left join taken using (tenant_id)) v
     where h.engine_cluster_id = $2 and h.tenant_id = v.tenant_id
    returning h.wake_at)
select (select coalesce(jsonb_agg(to_jsonb(c)), '[]') from claimed c) as "claimed!",
       (select lease_ends_at from alive) as "lease: jiff_sqlx::Timestamp",
       least((select min(wake_at) from visited),
             (select min(wake_at) from operation_heads
               where engine_cluster_id = $2 and not ready and wake_at > now())) as "wake_at: jiff_sqlx::Timestamp",
       now() as "now!: jiff_sqlx::Timestamp",
       exists (select from visited) as "visited!"
