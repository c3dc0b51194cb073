//! Gzipped tar archives from texts, the same bytes for the same texts: what charts and OCI artifacts are made of.

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::write::GzEncoder;

/// `folder` comes before every path; empty for none.
pub(crate) fn tgz<P: AsRef<str>, C: AsRef<[u8]>>(folder: &str, files: &[(P, C)]) -> Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, content) in files {
        let (path, content) = (path.as_ref(), content.as_ref());
        let path = if folder.is_empty() { path.to_owned() } else { format!("{folder}/{path}") };
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(u64::try_from(content.len()).context("a file's size")?);
        archive
            .append_data(&mut header, &path, content)
            .with_context(|| format!("put {path} into an archive"))?;
    }
    archive.into_inner().context("end a tar archive")?.finish().context("end a gzip stream")
}
