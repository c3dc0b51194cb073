//! The parts the keeper holds, each started by the first wish for it.

use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};
use serde_json::{Value, to_value};
use tokio::sync::OnceCell;

use crate::cluster::{self, Cluster, Etcd, Kind};
use crate::lease::Wish;
use crate::{Folder, Port, Postgres, Process, redis};

#[derive(Debug, Default)]
pub(super) struct Shared {
    // Dropped in this order: what needs the others first.
    hub: OnceCell<Cluster>,
    target: OnceCell<Cluster>,
    etcd: OnceCell<Etcd>,
    redis: OnceCell<Redis>,
    redis_databases: AtomicU32,
    postgres: OnceCell<Postgres>,
}

#[derive(Debug)]
struct Redis {
    _process: Process,
    _folder: Folder,
    port: Port,
}

impl Shared {
    /// The facts of a part, which runs when this returns.
    pub(super) async fn grant(&self, wish: Wish) -> Result<Value> {
        Ok(match wish {
            Wish::Postgres => to_value(self.postgres.get_or_try_init(Postgres::start).await?.facts())?,
            Wish::Etcd => to_value(self.etcd().await?.facts())?,
            Wish::Redis => {
                let redis = self.redis.get_or_try_init(Redis::start).await?;
                // Number 0 stays free: who forgets to choose one must not find another's data.
                let database = self.redis_databases.fetch_add(1, Ordering::Relaxed) + 1;
                to_value(crate::engine::Redis { port: redis.port.number(), database })?
            }
            Wish::Hub => {
                to_value(self.hub.get_or_try_init(|| self.cluster("hub", Kind::Light)).await?.facts())?
            }
            Wish::Target => {
                to_value(self.target.get_or_try_init(|| self.cluster("target", Kind::Full)).await?.facts())?
            }
            Wish::End => Value::Null,
        })
    }

    async fn etcd(&self) -> Result<&Etcd> {
        self.etcd.get_or_try_init(Etcd::start).await
    }

    async fn cluster(&self, name: &str, kind: Kind) -> Result<Cluster> {
        let etcd = self.etcd().await?.facts().clone();
        cluster::start_on(&etcd, name, kind).await.with_context(|| format!("start the shared cluster {name}"))
    }
}

impl Redis {
    async fn start() -> Result<Self> {
        let (port, folder) = (Port::free()?, Folder::in_target("redis")?);
        let site = redis::Site { port: port.number() };
        let mut process = site.launch("redis", folder.path())?.start()?;
        site.ready(&mut process).await?;
        Ok(Self { _process: process, _folder: folder, port })
    }
}
