//! What a `Cargo.toml` says.

use toml::{Table, Value};

use crate::house::House;

/// The manifest of one workspace member.
pub(crate) struct Manifest<'a> {
    pub(crate) path: &'a str,
    pub(crate) table: Table,
}

/// One line of a dependency table.
pub(crate) struct Dependency<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: &'a Value,
    /// Only tests are built with it.
    pub(crate) dev: bool,
}

/// All packages of the house.
pub(crate) fn manifests(house: &House) -> Vec<Manifest<'_>> {
    let all =
        house.ending("Cargo.toml").map(|(path, text)| Manifest { path, table: text.parse().expect(path) });
    all.filter(|manifest| manifest.table.contains_key("package")).collect()
}

/// The workspace's own manifest.
pub(crate) fn workspace(house: &House) -> Table {
    house.file("Cargo.toml").map(|text| text.parse().expect("Cargo.toml")).unwrap_or_default()
}

/// `a.b.c` in a table.
pub(crate) fn at<'a>(table: &'a Table, keys: &[&str]) -> Option<&'a Value> {
    let (first, rest) = keys.split_first()?;
    rest.iter().try_fold(table.get(*first)?, |value, key| value.get(key))
}

impl Manifest<'_> {
    pub(crate) fn name(&self) -> &str {
        at(&self.table, &["package", "name"]).and_then(Value::as_str).unwrap_or_default()
    }

    /// The folder it lies in.
    pub(crate) fn folder(&self) -> &str {
        self.path.strip_suffix("/Cargo.toml").unwrap_or_default()
    }

    pub(crate) fn dependencies(&self) -> Vec<Dependency<'_>> {
        let mut found = Vec::new();
        let targets =
            at(&self.table, &["target"]).and_then(Value::as_table).into_iter().flat_map(Table::values);
        for table in targets.filter_map(Value::as_table).chain([&self.table]) {
            for (kind, dev) in
                [("dependencies", false), ("build-dependencies", false), ("dev-dependencies", true)]
            {
                let lines = table.get(kind).and_then(Value::as_table).into_iter().flatten();
                found.extend(lines.map(|(name, value)| Dependency { name, value, dev }));
            }
        }
        found
    }
}
