//! What a request says: its body, its query, its conditions, its name.
//!
//! Strangers write requests, so everything here has a limit, and every mistake an answer that says what to do.

mod accept;
mod body;
mod call;
mod condition;
mod json;
mod kubeconfig;
mod listing;
mod query;
mod wait;
mod wishes;

pub(super) use accept::{Accepts, accepts};
pub(super) use body::{BODY_LIMIT, Body, Json, MergePatch, Nothing};
pub(super) use call::{Named, trace};
pub(super) use condition::{Conditions, Tag};
pub(super) use listing::{Listing, Paging, filter};
pub(super) use query::{NoQuery, Query, read as read_query};
pub(super) use wait::{LONGEST_WAIT, Wait};
pub(super) use wishes::{Removing, Writing};
