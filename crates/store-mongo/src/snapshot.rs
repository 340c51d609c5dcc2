//! Reading a moment: sessions on a snapshot, and collections that are read through them.
//!
//! The driver leaves a read concern that is set as it is. A collection with the concern of all others would be read as it
//! is now, session or not, and no moment would ever be named: what is read here never comes from another collection.

use mongodb::options::{CollectionOptions, ReadConcern, SessionOptions};
use mongodb::{ClientSession, Collection};

use crate::failure::Failure;
use crate::store::Inner;

/// The server keeps the moment no longer, or cannot go back to it.
const TOO_OLD: [i32; 2] = [239, 246];

impl Inner {
    /// A session whose moment is that of its first reading, or the moment of another one that has read already.
    pub(crate) async fn snapshot(
        &self,
        of: Option<&ClientSession>,
    ) -> Result<ClientSession, Failure> {
        let mut options = SessionOptions::builder().snapshot(true).build();
        options.snapshot_time = of.and_then(ClientSession::snapshot_time);
        let session = self.client.start_session().with_options(options);
        self.within(session.into_future()).await
    }

    /// A collection to be read through such a session.
    pub(crate) fn at_moment<T: Send + Sync>(&self, name: &str) -> Collection<T> {
        let mut options = CollectionOptions::default();
        options.read_concern = Some(ReadConcern::snapshot());
        self.database.collection_with_options(name, options)
    }
}

impl Failure {
    /// The same, or what to do about it when a moment was read for longer than the server keeps it.
    pub(crate) fn of_moment(self) -> Self {
        match self {
            Self::Mongo(said) if said.code().is_some_and(|code| TOO_OLD.contains(&code)) => {
                Self::Refused(
                    "reading took longer than MongoDB keeps a moment: raise minSnapshotHistoryWindowInSeconds",
                )
            }
            other => other,
        }
    }
}
