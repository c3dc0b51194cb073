//! Who mirrors an engine cluster: a lease by the database's clock, and a fence that rises with each holder.

use std::time::Duration;

use domain::ids::EngineClusterId;
use uuid::Uuid;

use crate::Scope;
use crate::access::{Access, Agent};
use crate::{Result, Store};

/// The right to write what an engine cluster says, as long as the lease holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mirror {
    pub(super) cluster: EngineClusterId,
    pub(super) session: Uuid,
    pub(super) fence: i64,
}

impl Mirror {
    /// Of which engine cluster.
    #[must_use]
    pub const fn cluster(&self) -> EngineClusterId {
        self.cluster
    }

    /// How many held it before, and this one.
    #[must_use]
    pub const fn fence(&self) -> i64 {
        self.fence
    }
}

impl Store {
    /// Takes the lease, or renews it. None: another session holds it.
    ///
    /// A lease that ran out is taken like anybody else's, with a new fence: what was on its way meanwhile writes nothing.
    pub async fn mirror(
        &self,
        _: &Access<Agent>,
        cluster: EngineClusterId,
        session: Uuid,
        lease: Duration,
    ) -> Result<Option<Mirror>> {
        let mut tx = self.begin_in(Scope::All).await?;
        let fence = sqlx::query_scalar!(
            r#"insert into mirrors as m (engine_cluster_id, session_id, lease_ends_at)
               select id, $2, clock_timestamp() + make_interval(secs => $3) from engine_clusters where id = $1
               on conflict on constraint mirrors_pkey do update
                  set session_id = excluded.session_id,
                      lease_ends_at = excluded.lease_ends_at,
                      fence = case when m.session_id = excluded.session_id and m.lease_ends_at > clock_timestamp()
                                   then m.fence else m.fence + 1 end,
                      since = case when m.session_id = excluded.session_id and m.lease_ends_at > clock_timestamp()
                                   then m.since else clock_timestamp() end
                where m.session_id = excluded.session_id or m.lease_ends_at <= clock_timestamp()
               returning fence"#,
            cluster.0,
            session,
            lease.as_secs_f64(),
        )
        .fetch_optional(tx.on())
        .await?;
        tx.commit().await?;
        Ok(fence.map(|fence| Mirror { cluster, session, fence }))
    }

    /// Lets go of the lease, so that another need not wait until it runs out.
    pub async fn stop_mirroring(&self, _: &Access<Agent>, mirror: &Mirror) -> Result<()> {
        let mut tx = self.begin_in(Scope::All).await?;
        sqlx::query!(
            "update mirrors set lease_ends_at = clock_timestamp()
              where engine_cluster_id = $1 and session_id = $2 and fence = $3",
            mirror.cluster.0,
            mirror.session,
            mirror.fence,
        )
        .execute(tx.on())
        .await?;
        tx.commit().await
    }
}
