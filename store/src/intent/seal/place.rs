//! Where a sealed value belongs.

use domain::ids::TenantId;
use uuid::Uuid;

/// One column of one row. A value that was sealed for it opens nowhere else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) tenant: TenantId,
    pub(crate) table: &'static str,
    pub(crate) column: &'static str,
    pub(crate) row: Uuid,
}

impl Place {
    /// In a form that no two places share: every part is preceded by its length.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let parts: [&[u8]; 4] =
            [self.tenant.0.as_bytes(), self.table.as_bytes(), self.column.as_bytes(), self.row.as_bytes()];
        let sized = |part: &&[u8]| [&part.len().to_be_bytes(), *part].concat();
        parts.iter().flat_map(sized).collect()
    }
}
