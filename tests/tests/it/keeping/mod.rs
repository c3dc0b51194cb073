//! What was said to Argosy is kept: not lost, not done twice, not told out of order, and not told to anybody else.

mod books;
mod canary;
mod feed;
mod heard;
mod secrets;
mod storm;
mod struck;
