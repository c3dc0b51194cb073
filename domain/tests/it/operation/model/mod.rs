//! Every order of events around one deployment, tried on the code of `domain::operation` (F18).
//!
//! `queue` is what the store does in its transactions, by asking the domain; `world` is what people, agents and clocks
//! do, and `story` when they may; `promises` is what must hold in every state. `runs` explores, `walks` strolls where
//! there is too much to explore, and `flaws` leaves rules out: each time, a promise is seen broken.

mod flaws;
mod promises;
mod queue;
mod runs;
mod story;
mod walks;
mod world;
