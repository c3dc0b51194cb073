//! The folder of keys: `<id>.key` for each, `fingerprint.key`, and `primary`.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use super::key::{self, Key, KeyId};
use super::ring::KeyRing;
use crate::{Error, Result};

/// Of the key for fingerprints.
const FINGERPRINT: &str = "fingerprint";
/// Names the key that seals.
const PRIMARY: &str = "primary";
/// Whoever mounts secrets into a container gives them to a group: it may read them. Nobody else.
const TOO_OPEN: u32 = 0o027;

/// What [`generate`] made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// The new key.
    pub id: KeyId,
    /// Its file.
    pub file: PathBuf,
    /// Whether it seals from now on: only the first one does by itself.
    pub primary: bool,
}

/// Makes a new key in a folder, and the folder if there is none. The first key there becomes the primary; a later one
/// must reach every process before anything is sealed with it.
pub fn generate(folder: &Path, id: KeyId) -> Result<Made> {
    if id.as_str() == FINGERPRINT {
        return Err(Error::Misconfigured(format!(
            "`{FINGERPRINT}` is the key for fingerprints: choose another id"
        )));
    }
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .map_err(|error| wrong(folder, &format!("cannot be made: {error}")))?;
    let first = files(folder)?.is_empty();
    let file = folder.join(format!("{id}.key"));
    write_new(&file, &key::written(&key::fresh()))?;
    if first {
        write_new(&folder.join(format!("{FINGERPRINT}.key")), &key::written(&key::fresh()))?;
        write_new(&folder.join(PRIMARY), &format!("{id}\n"))?;
    }
    Ok(Made { id, file, primary: first })
}

/// The keys in a folder.
pub(super) fn read(folder: &Path, primary: Option<&KeyId>) -> Result<KeyRing> {
    let mut keys = BTreeMap::new();
    let mut fingerprints = None;
    for (name, file) in files(folder)? {
        let key = read_key(&file)?;
        if name == FINGERPRINT {
            fingerprints = Some(key);
            continue;
        }
        let id: KeyId = name.parse().map_err(|error| wrong(&file, &format!("{error}")))?;
        keys.insert(id, key);
    }
    let Some(fingerprints) = fingerprints else {
        let why = format!(
            "there is no {FINGERPRINT}.key in it; `argosy-backend keys generate` makes a whole folder"
        );
        return Err(wrong(folder, &why));
    };
    let primary = match primary {
        Some(id) => id.clone(),
        None => read_primary(folder)?,
    };
    let missing = format!("the primary is `{primary}`, but there is no {primary}.key in it");
    KeyRing::of(primary, keys, fingerprints).ok_or_else(|| wrong(folder, &missing))
}

/// The files of keys, under their names without `.key`.
fn files(folder: &Path) -> Result<BTreeMap<String, PathBuf>> {
    let unread = |error: std::io::Error| wrong(folder, &format!("cannot be read: {error}"));
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(unread)? {
        let path = entry.map_err(unread)?.path();
        let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".key"));
        if let Some(name) = name {
            found.insert(name.to_owned(), path);
        }
    }
    Ok(found)
}

fn read_key(file: &Path) -> Result<Key> {
    let unread = |error: std::io::Error| wrong(file, &format!("cannot be read: {error}"));
    let mode = fs::metadata(file).map_err(unread)?.permissions().mode();
    if mode & TOO_OPEN != 0 {
        let why = format!("others may read or change it (mode {:04o}); run `chmod 600` on it", mode & 0o7777);
        return Err(wrong(file, &why));
    }
    let text = Zeroizing::new(fs::read_to_string(file).map_err(unread)?);
    key::read(&text).ok_or_else(|| wrong(file, "is not 32 bytes in base64; put the right file in its place"))
}

fn read_primary(folder: &Path) -> Result<KeyId> {
    let file = folder.join(PRIMARY);
    let text = fs::read_to_string(&file).map_err(|error| {
        wrong(&file, &format!("cannot be read: {error}; write the id of the key that seals into it"))
    })?;
    text.trim_ascii().parse().map_err(|error| wrong(&file, &format!("{error}")))
}

/// Never over one that is there: what it has sealed would be lost.
fn write_new(file: &Path, text: &str) -> Result<()> {
    let failed = |error: std::io::Error| wrong(file, &format!("cannot be made: {error}"));
    let mut made =
        fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(file).map_err(failed)?;
    made.write_all(text.as_bytes()).and_then(|()| made.sync_all()).map_err(failed)
}

fn wrong(path: &Path, why: &str) -> Error {
    Error::Misconfigured(format!("sealing keys: {} {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use domain::secret::Secret;

    use super::*;

    fn id(raw: &str) -> KeyId {
        raw.parse().unwrap()
    }

    fn complaint(folder: &Path, primary: Option<&KeyId>) -> String {
        read(folder, primary).err().unwrap().to_string()
    }

    #[test]
    fn a_generated_folder_is_read_and_only_its_first_key_seals() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join("keys");
        let first = generate(&folder, id("2026-11")).unwrap();
        let second = generate(&folder, id("2026-12")).unwrap();
        assert_eq!((first.primary, second.primary), (true, false));
        let ring = read(&folder, None).unwrap();
        assert_eq!(ring.primary(), &id("2026-11"));
        assert_eq!(ring.ids().count(), 2);
        assert_eq!(read(&folder, Some(&id("2026-12"))).unwrap().primary(), &id("2026-12"));
        assert_eq!(fs::metadata(first.file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_key_is_never_written_over() {
        let home = tempfile::tempdir().unwrap();
        generate(home.path(), id("a")).unwrap();
        let before = fs::read(home.path().join("a.key")).unwrap();
        assert!(generate(home.path(), id("a")).is_err());
        assert_eq!(fs::read(home.path().join("a.key")).unwrap(), before);
        assert!(generate(home.path(), id("fingerprint")).is_err());
    }

    #[test]
    fn what_is_wrong_with_a_folder_is_said_with_what_to_do() {
        let home = tempfile::tempdir().unwrap();
        let missing = complaint(&home.path().join("nowhere"), None);
        assert!(missing.contains("nowhere cannot be read"), "{missing}");
        assert!(complaint(home.path(), None).contains("keys generate"));

        generate(home.path(), id("a")).unwrap();
        assert!(complaint(home.path(), Some(&id("b"))).contains("there is no b.key in it"));
        let file = home.path().join("a.key");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(complaint(home.path(), None).contains("mode 0644"));
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(read(home.path(), None).is_ok(), "a group may read what a container is given");

        fs::write(&file, "hunter2").unwrap();
        let short = complaint(home.path(), None);
        assert!(short.contains("32 bytes in base64") && !short.contains("hunter2"), "{short}");
        fs::remove_file(home.path().join(PRIMARY)).unwrap();
        fs::write(&file, key::written(&key::fresh()).as_str()).unwrap();
        assert!(complaint(home.path(), None).contains("write the id of the key"));
    }

    #[test]
    fn a_key_comes_back_from_its_file_as_it_was() {
        let key = Secret::new([9; 32]);
        assert_eq!(key::read(&key::written(&key)).unwrap().expose(), &[9; 32]);
        assert!(key::read("AAAA").is_none());
    }
}
