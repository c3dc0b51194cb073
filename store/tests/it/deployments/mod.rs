//! Deployments, where they are placed, and their sync runs: as the production roles, on a real database.

mod counting;
mod delete;
mod list;
mod names;
mod placement;
mod private;
mod put;
mod runs;
mod scene;
mod seats;
