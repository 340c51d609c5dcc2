//! Sessions. What a refresh token leads to is decided by `souk_domain::user::rotate`; here it is written, if the session
//! is still what was judged: a session changes by its rotations alone, which its `generation` counts.

use mongodb::bson::{Bson, Uuid as BsonUuid, doc};
use mongodb::options::FindOptions;
use serde::{Deserialize, Serialize};
use souk_app::ports::store::{MOST_SESSIONS, SessionState};
use souk_domain::user::{Rotation, Session, User, rotate as judge};
use souk_domain::{SessionId, Timestamp, UserId};

use crate::failure::Failure;
use crate::people::{Person, USERS};
use crate::records::{id as key, nanos, time, uuid};
use crate::single::document;
use crate::store::Inner;
use crate::transaction::Transaction;

/// Sessions, by id.
pub(crate) const SESSIONS: &str = "sessions";

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    #[serde(rename = "_id")]
    id: BsonUuid,
    user_id: BsonUuid,
    generation: i64,
    rotated_at: i64,
    expires_at: i64,
    body: String,
}

impl Kept {
    fn new(session: &Session) -> Result<Self, Failure> {
        Ok(Self {
            id: key(session.id.0),
            user_id: key(session.user_id.0),
            generation: i64::from(session.generation),
            rotated_at: nanos(session.rotated_at),
            expires_at: nanos(session.expires_at),
            body: serde_json::to_string(session)?,
        })
    }
}

pub(crate) async fn open(inner: &Inner, session: &Session) -> Result<(), Failure> {
    inner.insert_one(SESSIONS, &Kept::new(session)?).await
}

/// The same, as a part of something larger.
pub(crate) async fn begin(transaction: &Transaction, session: &Session) -> Result<(), Failure> {
    transaction.insert(SESSIONS, &[Kept::new(session)?]).await
}

pub(crate) async fn rotate(
    inner: &Inner,
    id: SessionId,
    generation: u32,
    address: &str,
    now: Timestamp,
) -> Result<Option<(Rotation, User)>, Failure> {
    // Whoever loses finds a later generation, of which there are few within the time that a request takes.
    loop {
        let Some(kept) = inner
            .find_one::<Kept>(SESSIONS, doc! { "_id": key(id.0) })
            .await?
        else {
            return Ok(None);
        };
        let Some(person) = inner
            .find_one::<Person>(USERS, doc! { "_id": kept.user_id })
            .await?
        else {
            return Ok(None);
        };
        let session: Session = serde_json::from_str(&kept.body)?;
        let judged = doc! { "_id": kept.id, "generation": kept.generation };
        let rotation = judge(&session, generation, address, now);
        let written = match &rotation {
            Rotation::Rotated(next) => {
                let next = document(&Kept::new(next)?)?;
                inner.replace_one(SESSIONS, judged, next).await?
            }
            Rotation::Reused => inner.delete_one(SESSIONS, judged).await?,
            Rotation::Repeated(_) | Rotation::Expired => true,
        };
        if written {
            return Ok(Some((rotation, person.user()?)));
        }
    }
}

pub(crate) async fn state(inner: &Inner, id: SessionId) -> Result<Option<SessionState>, Failure> {
    let Some(kept) = inner
        .find_one::<Kept>(SESSIONS, doc! { "_id": key(id.0) })
        .await?
    else {
        return Ok(None);
    };
    let person = inner
        .find_one::<Person>(USERS, doc! { "_id": kept.user_id })
        .await?;
    let state = person.map(|person| {
        Ok(SessionState {
            user: person.user()?,
            expires_at: time(kept.expires_at),
        })
    });
    state.transpose()
}

pub(crate) async fn of_user(inner: &Inner, user: UserId) -> Result<Vec<Session>, Failure> {
    let latest = FindOptions::builder()
        .sort(doc! { "rotated_at": -1 })
        .limit(i64::from(MOST_SESSIONS))
        .build();
    let kept = inner
        .find_with::<Kept>(SESSIONS, doc! { "user_id": key(user.0) }, latest)
        .await?;
    kept.iter()
        .map(|kept| Ok(serde_json::from_str(&kept.body)?))
        .collect()
}

pub(crate) async fn end(inner: &Inner, user: UserId, session: SessionId) -> Result<bool, Failure> {
    let theirs = doc! { "_id": key(session.0), "user_id": key(user.0) };
    inner.delete_one(SESSIONS, theirs).await
}

/// Ends all sessions of a person but `keep`; those that ended.
pub(crate) async fn end_all(
    transaction: &Transaction,
    user: UserId,
    keep: Option<SessionId>,
) -> Result<Vec<SessionId>, Failure> {
    #[derive(Deserialize)]
    struct Id {
        #[serde(rename = "_id")]
        id: BsonUuid,
    }
    let mut theirs = doc! { "user_id": key(user.0) };
    if let Some(keep) = keep {
        theirs.insert("_id", doc! { "$ne": key(keep.0) });
    }
    let ids = FindOptions::builder().projection(doc! { "_id": 1 }).build();
    let ended = transaction.find_with::<Id>(SESSIONS, theirs, ids).await?;
    if !ended.is_empty() {
        let ids: Vec<Bson> = ended.iter().map(|ended| ended.id.into()).collect();
        transaction
            .delete_all(SESSIONS, doc! { "_id": { "$in": ids } })
            .await?;
    }
    Ok(ended
        .iter()
        .map(|ended| SessionId(uuid(ended.id)))
        .collect())
}
