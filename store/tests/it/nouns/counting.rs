//! Counts statements, which are round trips once they are prepared.

use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// The statements of this thread, by their first words.
#[derive(Clone, Default)]
pub(crate) struct Statements(Arc<Mutex<Vec<String>>>);

impl Statements {
    /// What `work` asks the database.
    pub(crate) async fn of<T>(work: impl Future<Output = T>) -> (Vec<String>, T) {
        let statements = Self::default();
        let guard = tracing::subscriber::set_default(statements.clone());
        let done = work.await;
        drop(guard);
        let seen = std::mem::take(&mut *statements.0.lock().unwrap());
        (seen, done)
    }
}

impl Subscriber for Statements {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        struct Summary<'a>(&'a Mutex<Vec<String>>);
        impl Visit for Summary<'_> {
            fn record_str(&mut self, field: &Field, value: &str) {
                if field.name() == "summary" {
                    self.0.lock().unwrap().push(value.to_owned());
                }
            }

            fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
                if field.name() == "summary" {
                    self.0.lock().unwrap().push(format!("{value:?}"));
                }
            }
        }
        event.record(&mut Summary(&self.0));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
