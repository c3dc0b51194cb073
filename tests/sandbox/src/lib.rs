//! The sandbox behind `make up`: the testbed's real parts, kept alive for a person, with data and ports that last.
//!
//! [`parts`] lists what runs; [`supervisor`] keeps it running in the background; [`state`] is the folder `.argosy`;
//! [`commands`] are what a person says. Argosy itself runs here as what it is for users: programs with settings.

pub mod commands;
pub mod parts;
pub mod sample;
pub mod say;
pub mod show;
pub mod state;
pub mod supervisor;
