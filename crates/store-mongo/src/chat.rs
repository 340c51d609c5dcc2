//! What people say in streams: posts, what they change, read marks, the audit. What follows from a post is decided by
//! [`follow`].

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_trait::async_trait;
use futures::{StreamExt as _, TryStreamExt as _};
use mongodb::bson::{Document, doc};
use souk_app::ports::EngineError;
use souk_app::ports::store::{
    AuditRecord, ChatStore, MOST_AUDIT, MOST_UNREAD, Posted, ReadMark, Unread,
};
use souk_domain::stream::{MESSAGE_BEGINS, Post, PostError, StreamKey, decide, follow};
use souk_domain::support::Conversation;
use souk_domain::user::User;
use souk_domain::{EntryId, EventRecord, JobId, UserId};

use crate::conversation::{self, Body};
use crate::edits::{self, AuditRow};
use crate::failure::Failure;
use crate::ledger::{self, HeadRow, Ledger};
use crate::marks::{self, MarkRow};
use crate::outbox;
use crate::records::{id, integer, natural, uuid};
use crate::store::{Inner, MongoStore};
use crate::streams::{self, Answer, Wish};
use crate::transaction::{RETRY, Transaction};

/// Streams of which unread entries are counted at once.
const AT_ONCE: usize = 8;

#[async_trait]
impl ChatStore for MongoStore {
    async fn post(&self, said: Post) -> Result<Result<Posted, PostError>, EngineError> {
        // What changes other entries is rare, and looks at what only a transaction of its own can know.
        if said.said.target().is_some() {
            let posted = self
                .inner
                .transact(RETRY, |transaction| {
                    let said = &said;
                    async move { edits::post(&transaction, said).await }
                })
                .await?;
            return Ok(posted);
        }
        match self.streams.submit(Wish::Post(Box::new(said))).await? {
            Answer::Posted(posted) => Ok(posted),
            Answer::Appended(_) => Err(Failure::Stopped.into()),
        }
    }

    async fn heads(&self, streams: &[StreamKey]) -> Result<Vec<u64>, EngineError> {
        let heads = heads(&self.inner, streams).await?;
        let head = |stream| natural(heads.get(stream).copied().unwrap_or(0));
        Ok(streams.iter().map(head).collect())
    }

    async fn mark_read(
        &self,
        stream: StreamKey,
        user: UserId,
        seq: u64,
    ) -> Result<(u64, bool), EngineError> {
        // A head never falls: what was below it stays below it.
        let head = streams::head(&self.inner, stream).await?.unwrap_or(0);
        let seq = integer(seq).unwrap_or(i64::MAX).min(head);
        Ok(marks::advance(&self.inner, stream, user, seq).await?)
    }

    async fn marks(&self, stream: StreamKey) -> Result<Vec<ReadMark>, EngineError> {
        let filter = doc! { "stream": stream.to_string(), "seq": { "$gt": 0_i64 } };
        let found = marks::find(&self.inner, filter).await?;
        let mark = |row: &MarkRow| ReadMark {
            user_id: UserId(uuid(row.user)),
            seq: natural(row.seq),
        };
        Ok(found.iter().map(mark).collect())
    }

    async fn unread(
        &self,
        user: UserId,
        streams: &[StreamKey],
    ) -> Result<Vec<Unread>, EngineError> {
        Ok(unread(&self.inner, user, streams).await?)
    }

    async fn audit(&self, stream: StreamKey) -> Result<Vec<AuditRecord>, EngineError> {
        let rows = self.inner.collection::<AuditRow>("entry_audit");
        let found = async {
            rows.find(doc! { "stream": stream.to_string() })
                .sort(doc! { "by_entry": 1 })
                .limit(i64::from(MOST_AUDIT))
                .await?
                .try_collect::<Vec<_>>()
                .await
        };
        let found = self.inner.within(found).await?;
        Ok(found
            .into_iter()
            .map(AuditRow::record)
            .collect::<Result<_, _>>()?)
    }

    async fn claim_mail(
        &self,
        stream: StreamKey,
        user: UserId,
        seq: u64,
        upto: u64,
        job: JobId,
    ) -> Result<Option<(u64, u64)>, EngineError> {
        let claimed = self
            .inner
            .transact(RETRY, |transaction| async move {
                marks::claim_mail(&transaction, stream, user, (seq, upto), job).await
            })
            .await?;
        Ok(claimed)
    }
}

/// Commits what a group of callers appends and posts.
pub(crate) async fn commit(
    transaction: &Transaction,
    wishes: &[Wish],
) -> Result<Vec<Answer>, Failure> {
    let mut asked = Vec::new();
    for wish in wishes {
        match wish {
            Wish::Append(entries) => {
                asked.extend(entries.iter().map(|entry| (entry.stream, entry.id)));
            }
            Wish::Post(post) => asked.extend(ids_of(post)),
        }
    }
    let posts = wishes.iter().filter_map(|wish| match wish {
        Wish::Post(post) => Some(&**post),
        Wish::Append(_) => None,
    });
    let mut posting = Posting::open(transaction, &asked, posts).await?;
    let mut answers = Vec::with_capacity(wishes.len());
    for wish in wishes {
        answers.push(match wish {
            Wish::Append(entries) => {
                let appended = entries.iter().map(|entry| posting.ledger.append(entry));
                Answer::Appended(appended.collect::<Result<_, _>>()?)
            }
            Wish::Post(post) => Answer::Posted(posting.post(post).await?),
        });
    }
    posting.write().await?;
    Ok(answers)
}

/// The ids of the entries that a post may make.
pub(crate) fn ids_of(post: &Post) -> impl Iterator<Item = (StreamKey, EntryId)> {
    let away = post.away.as_ref().map(|_| post.away_id());
    let ids = [Some(post.id), away].into_iter().flatten();
    ids.map(|id| (post.stream, id))
}

/// Posts under way: what they read, and what they will write beside their entries.
pub(crate) struct Posting {
    transaction: Transaction,
    pub(crate) ledger: Ledger,
    customers: HashMap<UserId, User>,
    conversations: HashMap<UserId, Conversation>,
    changed: BTreeSet<UserId>,
    marks: BTreeMap<(StreamKey, UserId), i64>,
    events: Vec<EventRecord>,
}

impl Posting {
    /// Asks for all that these posts need to know.
    pub(crate) async fn open(
        transaction: &Transaction,
        entries: &[(StreamKey, EntryId)],
        posts: impl Iterator<Item = &Post>,
    ) -> Result<Self, Failure> {
        let (mut people, mut supported) = (BTreeSet::new(), BTreeSet::new());
        for post in posts {
            match post.stream {
                StreamKey::Support(user) => {
                    people.insert(user);
                    supported.insert(user);
                }
                StreamKey::Notes(user) => {
                    people.insert(user);
                }
                _ => {}
            }
        }
        Ok(Self {
            transaction: transaction.clone(),
            ledger: Ledger::open(transaction, entries).await?,
            customers: customers(transaction, people).await?,
            conversations: conversation::load(transaction, supported).await?,
            changed: BTreeSet::new(),
            marks: BTreeMap::new(),
            events: Vec::new(),
        })
    }

    /// Whether somebody is there to have this conversation with.
    pub(crate) fn has_somebody(&self, stream: StreamKey) -> bool {
        match stream {
            StreamKey::Support(user) | StreamKey::Notes(user) => self.customers.contains_key(&user),
            _ => true,
        }
    }

    async fn post(&mut self, post: &Post) -> Result<Result<Posted, PostError>, Failure> {
        if let Some(there) = self.ledger.entry(post.stream, post.id) {
            return edits::repeated(&self.transaction, post, there).await;
        }
        if !self.has_somebody(post.stream) {
            return Ok(Err(PostError::NoSuchStream));
        }
        if let Err(error) = decide(post, None) {
            return Ok(Err(error));
        }
        self.append(post).map(Ok)
    }

    /// Appends what is allowed, with all that follows from it.
    pub(crate) fn append(&mut self, post: &Post) -> Result<Posted, Failure> {
        let seq = self.ledger.append_new(&post.entry())?;
        let mark = self.marks.entry((post.stream, post.author.id));
        let mark = mark.or_default();
        *mark = integer(seq)?.max(*mark);
        let (customer, before) = match post.stream {
            StreamKey::Support(user) => (
                self.customers.get(&user),
                self.conversations.get(&user).cloned(),
            ),
            _ => (None, None),
        };
        let mut follows = follow(post, seq, customer, before);
        let head = match &follows.away {
            Some(reply) => self.ledger.append_new(reply)?,
            None => seq,
        };
        if let Some(after) = follows.conversation.take() {
            self.changed.insert(after.user_id);
            self.conversations.insert(after.user_id, after);
        }
        self.events.extend(follows.events.iter().cloned());
        Ok(Posted::new(post, seq, head, follows))
    }

    /// Writes all of it.
    pub(crate) async fn write(self) -> Result<(), Failure> {
        self.ledger.write().await?;
        marks::raise(&self.transaction, self.marks).await?;
        let changed = self.changed.iter();
        let changed = changed.filter_map(|user| self.conversations.get(user));
        conversation::save(&self.transaction, changed).await?;
        outbox::state(&self.transaction, &self.events).await
    }
}

async fn customers(
    transaction: &Transaction,
    people: BTreeSet<UserId>,
) -> Result<HashMap<UserId, User>, Failure> {
    let people: Vec<_> = people.into_iter().map(|user| id(user.0)).collect();
    if people.is_empty() {
        return Ok(HashMap::new());
    }
    let filter = doc! { "_id": { "$in": people } };
    let found: Vec<Body> = transaction.find("users", filter).await?;
    let user = |body: Body| -> Result<_, Failure> {
        let user: User = serde_json::from_str(&body.body)?;
        Ok((user.id, user))
    };
    found.into_iter().map(user).collect()
}

async fn heads(inner: &Inner, streams: &[StreamKey]) -> Result<HashMap<StreamKey, i64>, Failure> {
    if streams.is_empty() {
        return Ok(HashMap::new());
    }
    let names: Vec<_> = streams.iter().map(ToString::to_string).collect();
    let rows = inner.collection::<HeadRow>("streams");
    let found = async {
        let found = rows.find(doc! { "_id": { "$in": names } }).await?;
        found.try_collect::<Vec<_>>().await
    };
    let found = inner.within(found).await?;
    found.iter().map(ledger::named).collect()
}

async fn unread(
    inner: &Inner,
    user: UserId,
    streams: &[StreamKey],
) -> Result<Vec<Unread>, Failure> {
    let names: Vec<_> = streams.iter().map(ToString::to_string).collect();
    let filter = doc! { "stream": { "$in": &names }, "user": id(user.0) };
    let (heads, marks) =
        futures::future::try_join(heads(inner, streams), marks::find(inner, filter)).await?;
    let marks: HashMap<_, _> = marks.into_iter().map(|row| (row.stream, row.seq)).collect();
    let count = |stream: StreamKey| {
        let head = heads.get(&stream).copied().unwrap_or(0);
        let read = marks.get(&stream.to_string()).copied().unwrap_or(0);
        async move {
            let count = if read < head {
                count(inner, stream, user, read).await?
            } else {
                0
            };
            Ok(Unread {
                stream,
                head: natural(head),
                read: natural(read),
                count,
            })
        }
    };
    futures::stream::iter(streams.iter().copied().map(count))
        .buffered(AT_ONCE)
        .try_collect()
        .await
}

/// Counts what came after a number and is somebody else's.
async fn count(inner: &Inner, stream: StreamKey, user: UserId, read: i64) -> Result<u32, Failure> {
    let mut filter = doc! {
        "stream": stream.to_string(), "seq": { "$gt": read }, "by": { "$ne": id(user.0) },
    };
    if stream.is_talk() {
        let begins = format!("^{}", MESSAGE_BEGINS.replace('{', r"\{"));
        filter.insert("body", doc! { "$regex": begins });
    }
    let entries = inner.collection::<Document>("entries");
    let counted = entries
        .count_documents(filter)
        .limit(u64::from(MOST_UNREAD));
    let counted = inner.within(counted.into_future()).await?;
    Ok(u32::try_from(counted).unwrap_or(MOST_UNREAD))
}
