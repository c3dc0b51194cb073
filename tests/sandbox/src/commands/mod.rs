//! What a person says: one file a command.

pub mod down;
pub mod logs;
pub mod reset;
pub mod status;
pub mod supervise;
pub mod up;
