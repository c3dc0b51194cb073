//! Whether the database has the shape that this program was built for.

use std::fmt;

use crate::{Error, Result, Store};

/// The version of the newest migration this program was built with. A test of `migrations` keeps it true.
pub const SCHEMA_VERSION: i32 = 14;

/// What the database's shape is to us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schema {
    /// As we need it. It may be ahead of us, as during an upgrade, as long as it still suits us.
    Ours {
        /// Its version.
        found: i32,
    },
    /// Migrations are missing.
    Older {
        /// Its version.
        found: i32,
    },
    /// It was migrated on, and programs as old as this one no longer fit.
    Newer {
        /// Its version.
        found: i32,
        /// The oldest version of programs that fit.
        needs: i32,
    },
    /// It was never migrated.
    Missing,
}

impl Schema {
    /// Judges a database by its version and by the oldest version of programs it suits.
    pub const fn judge(found: Option<i32>, suits: Option<i32>) -> Self {
        match (found, suits) {
            (Some(found), Some(needs)) if needs > SCHEMA_VERSION => Self::Newer { found, needs },
            (Some(found), Some(_)) if found >= SCHEMA_VERSION => Self::Ours { found },
            (Some(found), Some(_)) => Self::Older { found },
            (None, _) | (_, None) => Self::Missing,
        }
    }

    /// Whether we may work on it.
    pub const fn is_ours(&self) -> bool {
        match self {
            Self::Ours { .. } => true,
            Self::Older { .. } | Self::Newer { .. } | Self::Missing => false,
        }
    }
}

/// Says what it is, and what to do.
impl fmt::Display for Schema {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ours { found } => write!(out, "the schema is at version {found}, as needed"),
            Self::Older { found } => write!(
                out,
                "the schema is at version {found}, this program needs {SCHEMA_VERSION}: run `argosy-migrate` of this release"
            ),
            Self::Newer { found, needs } => write!(
                out,
                "the schema is at version {found} and suits programs from version {needs} on, this one is {SCHEMA_VERSION}: \
                 run a newer release"
            ),
            Self::Missing => write!(
                out,
                "the database was never migrated: run `argosy-migrate roles` once a server, then `argosy-migrate`"
            ),
        }
    }
}

struct VersionRow {
    found: Option<i32>,
    suits: Option<i32>,
}

impl Store {
    /// The shape of the database, asked on the connection that watches.
    pub async fn schema(&self) -> Result<Schema> {
        self.watch
            .ask(async |connection| {
                let row = sqlx::query_as!(
                    VersionRow,
                    r#"select (select max(version) from refinery_schema_history) as found,
                          (select suits_from from installation) as suits"#
                )
                .fetch_one(connection)
                .await;
                match row {
                    Ok(row) => Ok(Schema::judge(row.found, row.suits)),
                    Err(error) if undefined_table(&error) => Ok(Schema::Missing),
                    Err(error) => Err(Error::from(error)),
                }
            })
            .await
    }
}

impl Store {
    /// Whether we may work on this database; if not, what a person has to do. This is what readiness asks.
    ///
    /// The first time all is well, the log is told who we are: a role that walks through row-level security, or has
    /// no timeouts, works until the day it matters.
    pub async fn fits(&self) -> std::result::Result<(), String> {
        let schema = self.schema().await.map_err(|error| error.to_string())?;
        if !schema.is_ours() {
            return Err(schema.to_string());
        }
        if self.watch.judged.get().is_none() {
            let session = self.session().await.map_err(|error| error.to_string())?;
            let Schema::Ours { found } = schema else { return Err(schema.to_string()) };
            tracing::info!(role = session.role, schema = found, "the database is ours");
            for complaint in &session.complaints {
                tracing::warn!("{complaint}: run `argosy-migrate roles` and log in as one of its roles");
            }
            // Somebody else may have told the log just now; twice is no harm.
            let _told = self.watch.judged.set(());
        }
        Ok(())
    }
}

fn undefined_table(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|error| error.code()).as_deref() == Some("42P01")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_schema_that_suits_us_is_ours() {
        let ours = SCHEMA_VERSION;
        let table = [
            (None, None, Schema::Missing),
            (Some(ours), None, Schema::Missing),
            (Some(ours - 1), Some(0), Schema::Older { found: ours - 1 }),
            (Some(ours), Some(ours), Schema::Ours { found: ours }),
            (Some(ours + 3), Some(ours), Schema::Ours { found: ours + 3 }),
            (Some(ours + 3), Some(ours + 2), Schema::Newer { found: ours + 3, needs: ours + 2 }),
        ];
        for (found, suits, expected) in table {
            assert_eq!(Schema::judge(found, suits), expected, "{found:?} {suits:?}");
        }
    }

    #[test]
    fn every_other_schema_says_what_to_do() {
        assert!(Schema::Older { found: 0 }.to_string().contains("argosy-migrate"));
        assert!(Schema::Newer { found: 9, needs: 9 }.to_string().contains("newer release"));
        assert!(Schema::Missing.to_string().contains("argosy-migrate roles"));
    }
}
