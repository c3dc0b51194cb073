//! The REST door, from outside: the real program, asked over HTTP by people of a real issuer.

mod abuse;
mod access;
mod contract;
mod events;
mod ground;
mod nouns;
mod platform;
mod problems;
mod weather;
mod wishes;
