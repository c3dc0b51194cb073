//! The laws of operations, as rows: two and more hands on a real database.

mod ends;
mod fairness;
mod fence;
mod joins;
mod races;
mod runs;
mod scene;
mod stress;
