//! Whether the books agree: rows, operations, audit, feed, counters and keys say the same, once each.

use std::collections::BTreeMap;

use super::storm::{Fate, Wish};
use crate::world::Door;

/// What must have no answer, whatever was killed and whenever.
const DISAGREEMENTS: &[(&str, &str)] = &[
    (
        "a deployment is told of in the audit once for each generation",
        "select d.name, d.generation, a.n, a.different, a.last from deployments d, lateral (
            select count(*) as n, count(distinct a.generation) as different, max(a.generation) as last
              from audit a where a.resource_id = d.id and a.action = 'deployment.put') a
          where (a.n, a.different, a.last) is distinct from (d.generation, d.generation, d.generation)",
    ),
    (
        "a deployment is told of in the feed once for each generation",
        "select d.name, d.generation, f.n, f.different, f.last from deployments d, lateral (
            select count(*) as n, count(distinct f.generation) as different, max(f.generation) as last
              from feed f where f.resource_id = d.id and f.noun = 'deployment') f
          where (f.n, f.different, f.last) is distinct from (d.generation, d.generation, d.generation)",
    ),
    (
        "a deployment was wished for under one key for each generation",
        "select d.name, d.generation, k.n, k.different from deployments d, lateral (
            select count(*) as n, count(distinct k.key) as different
              from idempotency_keys k where k.resource_id = d.id) k
          where (k.n, k.different) is distinct from (d.generation, d.generation)",
    ),
    (
        "a deployment has one operation, and that is for its generation",
        "select d.name, d.generation, o.n, o.target from deployments d, lateral (
            select count(*) as n, max(o.target) as target
              from operations o where o.resource_id = d.id and o.lane = 'application/' || d.id) o
          where (o.n, o.target) is distinct from (1, d.generation)",
    ),
    (
        "the operation that was promised is there",
        "select k.key, k.operation_id from idempotency_keys k
          where not exists (select from operations o where o.id = k.operation_id and o.resource_id = k.resource_id)",
    ),
    ("a deployment names its repository", "select d.name from deployments d
          where (select count(*) from deployment_repositories r where r.deployment_id = d.id) <> 1"),
    (
        "nothing is told of what is not there",
        "select resource_id from audit where action = 'deployment.put'
            and resource_id not in (select id from deployments)
         union select resource_id from feed where noun = 'deployment' and resource_id not in (select id from deployments)
         union select resource_id from idempotency_keys where resource_id not in (select id from deployments)
         union select resource_id from operations where lane like 'application/%'
            and resource_id not in (select id from deployments)",
    ),
    ("a key was used once", "select principal, key, count(*) from idempotency_keys group by 1, 2 having count(*) > 1"),
    (
        "the feed has no gap and nothing twice, and its counter is at its end",
        "select l.tenant_id, l.feed_position, f.n, f.different, f.first, f.last from tenant_ledger l, lateral (
            select count(*) as n, count(distinct position) as different, min(position) as first, max(position) as last
              from feed f where f.tenant_id = l.tenant_id) f
          where (f.n, f.different, f.first, f.last)
                is distinct from (l.feed_position, l.feed_position, 1::bigint, l.feed_position)",
    ),
    (
        "the counters count what there is",
        "select l.tenant_id, l.deployments, l.open_operations, l.environments from tenant_ledger l
          where l.deployments <> (select count(*) from deployments d where d.tenant_id = l.tenant_id)
             or l.open_operations <> (select count(*) from operations o where o.tenant_id = l.tenant_id)
             or l.environments <> (select count(*) from environments e where e.tenant_id = l.tenant_id)",
    ),
];

/// Everything there is agrees with everything else, and a wish of this round is done with its key or not at all.
pub(super) async fn agree(door: &Door, round: usize) {
    door.finds_nothing(DISAGREEMENTS).await;
    let halves = format!(
        "select d.name from deployments d where d.name like 'old-%'
            and (d.spec::text like '%\"round-{round}\"%')
                <> exists (select from idempotency_keys k where k.key = 'k-{round}-' || substr(d.name, 5))
         union all
         select k.key from idempotency_keys k where k.key like 'k-{round}-%' and not exists (
            select from deployments d where d.id = k.resource_id and d.spec::text like '%\"round-{round}\"%')"
    );
    door.finds_nothing(&[("what has a key of the round is as the round wished it", &halves)]).await;
}

/// How often each wish of a round was done, by the audit; and its operation, by its key.
async fn done(door: &Door, round: usize) -> BTreeMap<String, (usize, String)> {
    let rows = door
        .asked(&format!(
            "select k.key, (select count(*) from audit a where a.action = 'deployment.put'
                               and split_part(a.request_id, '.', 1) = k.key), k.operation_id
               from idempotency_keys k where k.key like 'k-{round}-%'"
        ))
        .await;
    rows.into_iter().map(|row| (row[0].clone(), (row[1].parse().unwrap(), row[2].clone()))).collect()
}

/// Every acknowledged wish is done, once, by the operation that was promised.
pub(super) async fn keep_what_was_acknowledged(door: &Door, round: usize, fates: &[Fate]) {
    let done = done(door, round).await;
    for (wish, fate) in Wish::all(round).zip(fates) {
        if let Fate::Acknowledged(operation) = fate {
            assert_eq!(done.get(&wish.key()), Some(&(1, operation.clone())), "{}", wish.key());
        }
    }
}

/// Every wish of the round is done, once.
pub(super) async fn have_everything(door: &Door, round: usize) {
    let done = done(door, round).await;
    for wish in Wish::all(round) {
        let times = done.get(&wish.key()).map(|(times, _)| *times);
        assert_eq!(times, Some(1), "{}", wish.key());
    }
}
