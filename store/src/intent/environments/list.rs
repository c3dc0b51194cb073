//! Looking at environments.

use super::{Environment, NOUN, row};
use crate::page::Labelled;
use crate::{Access, After, Answer, Filter, Listed, MayRead, Page, Reference, Refused, Result, Store};

impl Store {
    /// One environment. A name means whoever has it; if nobody has, whoever had it last and is being taken down.
    pub async fn environment(&self, access: &Access<impl MayRead>, which: &Reference) -> Answer<Environment> {
        let mut tx = self.begin_in(access.scope()).await?;
        let row = sqlx::query_scalar!(
            r#"select to_jsonb(e) - 'secret' as "row!"
                 from environments e
                where e.tenant_id = $1 and (e.name = $2 or e.id = $3)
                order by e.state, e.made_at desc
                limit 1"#,
            access.tenant().0,
            which.name(),
            which.id(),
        )
        .fetch_optional(tx.on())
        .await?;
        tx.commit().await?;
        let Some(row) = row else { return Ok(Err(Refused::Absent { noun: NOUN })) };
        row::read(row).map(Ok)
    }

    /// Environments, by name.
    pub async fn environments(
        &self,
        access: &Access<impl MayRead>,
        filter: &Filter,
        page: &Page,
    ) -> Result<Listed<Environment>> {
        let Labelled { equal, other, present, absent } = Labelled::from(&filter.labels);
        let mut tx = self.begin_in(access.scope()).await?;
        let rows = sqlx::query_scalar!(
            r#"select to_jsonb(e) - 'secret' as "row!"
                 from environments e
                where e.tenant_id = $1
                  and e.name ^@ $2
                  and ($3::text is null or (e.name, e.id) > ($3::text collate "C", $4::uuid))
                  and not exists (
                      select from unnest($5::text[], $6::text[]) as l (k, v) where e.labels ->> l.k is distinct from l.v)
                  and not exists (select from unnest($7::text[], $8::text[]) as l (k, v) where e.labels ->> l.k = l.v)
                  and e.labels ?& $9::text[] and not e.labels ?| $10::text[]
                order by e.name, e.id
                limit $11"#,
            access.tenant().0,
            filter.prefix,
            page.after_name(),
            page.after_id(),
            &equal.0,
            &equal.1,
            &other.0,
            &other.1,
            &present,
            &absent,
            page.with_next(),
        )
        .fetch_all(tx.on())
        .await?;
        tx.commit().await?;
        let found = rows.into_iter().map(row::read).collect::<Result<Vec<_>>>()?;
        Ok(page.cut(found, |last| After { name: last.name.clone(), id: last.id.0 }))
    }
}
