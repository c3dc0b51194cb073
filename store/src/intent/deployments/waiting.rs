//! Deployments that no engine could serve when they were made: looked at again, as room appears.

use domain::ids::{DeploymentId, TenantId};
use uuid::Uuid;

use super::before::{self, Asked};
use super::plan::Plan;
use super::put::{again, chosen, prepared};
use super::{Born, Origin, Standing, WantedDeployment, write};
use crate::access::Platform;
use crate::{Access, Call, Reference, Result, Scope, Store};

/// What a look at those that wait came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placed {
    /// How many an engine serves from now on.
    pub placed: usize,
    /// The last that was looked at. None: there were no more.
    pub last: Option<DeploymentId>,
}

impl Store {
    /// Looks again at deployments that no engine serves, from the one after this on, and places what can be placed. For
    /// a named job, every minute or so; and after an operator has added room.
    pub async fn place_waiting(
        &self,
        access: &Access<Platform>,
        after: Option<DeploymentId>,
        limit: u16,
    ) -> Result<Placed> {
        let mut tx = self.begin_in(Scope::Platform).await?;
        let waiting = sqlx::query!(
            "select d.id, d.tenant_id from deployments d
               left join placements p on p.environment_id = d.environment_id
              where d.state = 'active' and d.environment_id is not null
                and (d.withheld or p.engine_instance_id is null) and d.id > $1
              order by d.id limit $2",
            after.map_or(Uuid::nil(), |id| id.0),
            i64::from(limit),
        )
        .fetch_all(tx.on())
        .await?;
        tx.commit().await?;
        let mut placed = 0;
        for row in &waiting {
            let which = (TenantId(row.tenant_id), DeploymentId(row.id));
            match self.reconsider(access, which).await {
                Ok(done) => placed += usize::from(done),
                // Somebody is at it, or its tenant has as much as it may: the next time.
                Err(error) if again(&error) => {
                    tracing::debug!(deployment = %row.id, %error, "not placed this time");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Placed { placed, last: waiting.last().map(|row| DeploymentId(row.id)) })
    }

    async fn reconsider(
        &self,
        access: &Access<Platform>,
        (tenant, id): (TenantId, DeploymentId),
    ) -> Result<bool> {
        let mut tx = self.begin_in(Scope::Platform).await?;
        let call = Call::default();
        let reference = Reference::Id(id.0);
        let about = Asked::about(tenant, access.principal(), &reference, &call);
        let Some((there, _)) = before::read(&mut tx, &about, &call).await?.own else { return Ok(false) };
        let origin = match there.lives_in.clone() {
            None => Origin::Rest,
            Some(lives_in) => Origin::CustomResource { id: id.0, lives_in },
        };
        let wanted = WantedDeployment { reference, spec: there.spec.clone(), origin };
        let asked = Asked::for_wanted(tenant, access.principal(), &wanted, &call);
        let before = before::read(&mut tx, &asked, &call).await?;
        if there.deleting || before.target.is_none() {
            return Ok(false);
        }
        let chosen = chosen(&mut tx, &wanted, (&asked, &before), Some(id)).await?;
        let born = Born { id, name: there.name };
        let plan = Plan::of(tenant, &wanted, &before, chosen.as_ref(), &born)?;
        if !matches!(plan.deployment.standing, Standing::Placed { .. }) {
            return Ok(false);
        }
        let (change, _operation) = prepared((tenant, access.principal()), &before, &plan, &call);
        write::put(&mut tx, &plan, &change).await?;
        tx.commit().await?;
        change.ring(self);
        Ok(true)
    }
}
