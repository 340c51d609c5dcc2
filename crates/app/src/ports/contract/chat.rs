//! What people say, and how far they have read.

use std::collections::BTreeSet;

use souk_domain::stream::{Author, Content, EntryBody, Post, PostError, Said, Span, StreamKey};
use souk_domain::support::{
    CannedReply, ConversationChange, ConversationError, ConversationStatus,
};
use souk_domain::user::{Role, User};
use souk_domain::{EntryId, Event, JobId, OrderId};

use super::Engine;
use super::fixtures::{assert_sound, at, id, staff, user};
use crate::ports::Store;
use crate::ports::store::{ConversationView, NewAccount, NewUser, Posted};

async fn person(store: &dyn Store, role: Role, email: &str) -> (User, Author) {
    let user = user(role, email);
    let new = NewUser {
        user: user.clone(),
        password_hash: None,
        session: None,
        events: vec![],
    };
    let made = store.create_user(new).await.expect("made");
    assert_eq!(made, NewAccount::Done);
    let author = Author {
        id: user.id,
        name: user.name.clone(),
        role,
    };
    (user, author)
}

fn post(stream: StreamKey, author: &Author, second: i64, said: Said) -> Post {
    Post {
        stream,
        id: EntryId(id()),
        author: author.clone(),
        at: at(second),
        said,
        away: None,
        mail_if_unread: None,
        trace: None,
    }
}

fn message(text: &str) -> Said {
    Said::Message { text: text.into() }
}

async fn done(store: &dyn Store, post: &Post) -> Posted {
    store
        .post(post.clone())
        .await
        .expect("the engine works")
        .expect("posted")
}

async fn contents(store: &dyn Store, stream: StreamKey) -> Vec<Content> {
    let page = store
        .entries(stream, Span::After(0, 200))
        .await
        .expect("read");
    page.entries
        .into_iter()
        .map(|entry| entry.content)
        .collect()
}

/// Many people at once in several streams: numbers without holes, and five tries of a post are one entry.
pub async fn what_is_said_at_once_is_numbered_once(engine: &mut dyn Engine) {
    let store = engine.store();
    let (customer, me) = person(&*store, Role::Customer, "a@example.com").await;
    let streams = [
        StreamKey::Support(customer.id),
        StreamKey::Order(OrderId(id())),
        StreamKey::Notes(customer.id),
    ];
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..60_usize {
        let (store, me) = (engine.store(), me.clone());
        tasks.spawn(async move {
            let said = post(streams[n % 3], &me, 1, message(&format!("message {n}")));
            let mut seqs = BTreeSet::new();
            for _ in 0..5 {
                let posted = done(&*store, &said).await;
                seqs.insert((posted.seq, posted.at));
            }
            assert_eq!(seqs.len(), 1, "a repeat is answered as the first time");
        });
    }
    tasks.join_all().await;
    for stream in streams {
        let page = store
            .entries(stream, Span::After(0, 200))
            .await
            .expect("read");
        let seqs: Vec<u64> = page.entries.iter().map(|entry| entry.seq).collect();
        assert_eq!(seqs, (1..=20).collect::<Vec<_>>());
    }
    assert_eq!(store.heads(&streams).await.expect("read"), [20, 20, 20]);
    assert_eq!(store.heads(&[StreamKey::Store]).await.expect("read"), [0]);
    assert_sound(&*store).await;
}

/// An id belongs to who used it first, and to what they said.
pub async fn an_id_is_bound_to_its_author_and_words(engine: &mut dyn Engine) {
    let store = engine.store();
    let (customer, me) = person(&*store, Role::Customer, "a@example.com").await;
    let stream = StreamKey::Support(customer.id);
    let first = post(stream, &me, 1, message("hello"));
    let posted = done(&*store, &first).await;
    let other_words = Post {
        said: message("bye"),
        ..first.clone()
    };
    let other_author = Post {
        author: staff(),
        ..first.clone()
    };
    for wrong in [other_words, other_author] {
        let refused = store.post(wrong).await.expect("the engine works");
        assert_eq!(refused, Err(PostError::IdConflict));
    }
    // Elsewhere it is free; and what they are called now does not matter.
    done(
        &*store,
        &Post {
            stream: StreamKey::Notes(customer.id),
            ..first.clone()
        },
    )
    .await;
    let mut renamed = first.clone();
    renamed.author.name = "Another name".into();
    let again = done(&*store, &renamed).await;
    assert_eq!(
        (again.seq, again.at, again.repeated),
        (posted.seq, posted.at, true)
    );
    let nobody = post(
        StreamKey::Support(souk_domain::UserId(id())),
        &staff(),
        1,
        message("x"),
    );
    let refused = store.post(nobody).await.expect("the engine works");
    assert_eq!(refused, Err(PostError::NoSuchStream));
    assert_sound(&*store).await;
}

/// Edits and deletions change what stands there, keep it for the audit, and are repeatable even when all is gone.
pub async fn words_are_changed_and_taken_back(engine: &mut dyn Engine) {
    let store = engine.store();
    let (customer, me) = person(&*store, Role::Customer, "a@example.com").await;
    let stream = StreamKey::Support(customer.id);
    let said = post(stream, &me, 1, message("one"));
    let edit = post(
        stream,
        &me,
        2,
        Said::Edit {
            seq: 1,
            text: "two".into(),
        },
    );
    let again = post(
        stream,
        &me,
        3,
        Said::Edit {
            seq: 1,
            text: "three".into(),
        },
    );
    for each in [&said, &edit, &again] {
        done(&*store, each).await;
    }
    let edited = EntryBody::Message {
        text: "three".into(),
        automatic: false,
        edited: true,
    };
    assert_eq!(contents(&*store, stream).await[0], Content::Said(edited));
    let delete = post(stream, &staff(), 4, Said::Delete { seq: 1 });
    done(&*store, &delete).await;
    let now = contents(&*store, stream).await;
    let gone: Vec<bool> = now.iter().map(|content| content.body().is_none()).collect();
    assert_eq!(
        gone,
        [true, true, true, false],
        "the edits say nothing of it either"
    );
    let kinds: Vec<&str> = now.iter().map(Content::kind).collect();
    assert_eq!(kinds, ["message", "edit", "edit", "delete"]);
    for (n, each) in [&said, &edit, &again, &delete].into_iter().enumerate() {
        let repeated = done(&*store, each).await;
        assert_eq!((repeated.seq, repeated.repeated), (n as u64 + 1, true));
    }
    let other = Post {
        said: Said::Edit {
            seq: 1,
            text: "else".into(),
        },
        ..edit.clone()
    };
    let refused = store.post(other).await.expect("the engine works");
    assert_eq!(refused, Err(PostError::IdConflict));
    for (seq, error) in [
        (1, PostError::MessageDeleted),
        (2, PostError::NoSuchMessage),
        (99, PostError::NoSuchMessage),
        (u64::MAX, PostError::NoSuchMessage),
    ] {
        let refused = store.post(post(stream, &me, 5, Said::Delete { seq })).await;
        assert_eq!(refused.expect("the engine works"), Err(error), "{seq}");
    }
    let audit = store.audit(stream).await.expect("read");
    let records: Vec<_> = audit
        .iter()
        .map(|record| (record.seq, record.deleted, record.before.as_str()))
        .collect();
    assert_eq!(
        records,
        [(1, false, "one"), (1, false, "two"), (1, true, "three")]
    );
    assert_sound(&*store).await;
    drop(store);
    engine.restart().await;
    assert_eq!(contents(&*engine.store(), stream).await, now);
}

/// Marks only move forward, and not past what there is.
pub async fn marks_move_forward_and_count_the_rest(engine: &mut dyn Engine) {
    let store = engine.store();
    let (customer, me) = person(&*store, Role::Customer, "a@example.com").await;
    let stream = StreamKey::Support(customer.id);
    let sara = staff();
    assert_eq!(
        store.mark_read(stream, me.id, 5).await.expect("marked"),
        (0, false)
    );
    for n in 0..3 {
        done(&*store, &post(stream, &me, n, message("mine"))).await;
    }
    let last = post(stream, &sara, 9, message("an answer"));
    done(&*store, &last).await;
    let unread = |user| {
        let store = engine.store();
        async move {
            let found = store.unread(user, &[stream]).await.expect("read")[0];
            (found.head, found.read, found.count)
        }
    };
    assert_eq!(unread(me.id).await, (4, 3, 1), "what one says one has read");
    assert_eq!(unread(sara.id).await, (4, 4, 0));
    let other = staff();
    assert_eq!(unread(other.id).await, (4, 0, 4));
    done(&*store, &post(stream, &sara, 10, Said::Delete { seq: 4 })).await;
    assert_eq!(
        unread(me.id).await,
        (5, 3, 0),
        "what was taken back need not be read"
    );
    assert_eq!(
        store.mark_read(stream, me.id, 99).await.expect("marked"),
        (5, true)
    );
    assert_eq!(
        store.mark_read(stream, me.id, 2).await.expect("marked"),
        (5, false)
    );
    let mut marks: Vec<_> = store
        .marks(stream)
        .await
        .expect("read")
        .into_iter()
        .map(|mark| (mark.user_id, mark.seq))
        .collect();
    marks.sort_unstable();
    let mut expected = vec![(me.id, 5), (sara.id, 5)];
    expected.sort_unstable();
    assert_eq!(marks, expected);
    assert_sound(&*store).await;
}

/// What was not read is written once: by the job that claims it, however often it tries.
pub async fn one_job_mails_what_was_not_read(engine: &mut dyn Engine) {
    let store = engine.store();
    let (customer, me) = person(&*store, Role::Customer, "a@example.com").await;
    let stream = StreamKey::Support(customer.id);
    for n in 0..4 {
        done(&*store, &post(stream, &staff(), n, message("an answer"))).await;
    }
    let claim = |job: JobId, seq: u64, upto: u64| {
        let store = engine.store();
        async move {
            store
                .claim_mail(stream, me.id, seq, upto, job)
                .await
                .expect("asked")
        }
    };
    store.mark_read(stream, me.id, 1).await.expect("marked");
    let (first, second, third) = (JobId(id()), JobId(id()), JobId(id()));
    assert_eq!(claim(first, 1, 3).await, None, "it was read");
    assert_eq!(claim(first, 2, 3).await, Some((1, 3)));
    assert_eq!(claim(second, 3, 4).await, None, "the first one writes it");
    assert_eq!(claim(first, 2, 4).await, Some((1, 3)), "tried again");
    assert_eq!(claim(third, 4, 4).await, Some((3, 4)));
    store.mark_read(stream, me.id, 4).await.expect("marked");
    assert_eq!(claim(second, 4, 4).await, None);
    assert_sound(&*store).await;
}

/// A conversation begins with a word, is taken, closed, and opens again; who is away says so once.
pub async fn conversations_are_begun_taken_closed_and_opened_again(engine: &mut dyn Engine) {
    let store = engine.store();
    let (customer, me) = person(&*store, Role::Guest, "").await;
    let (sara, by_sara) = person(&*store, Role::Staff, "sara@example.com").await;
    let (omar, by_omar) = person(&*store, Role::Staff, "omar@example.com").await;
    let stream = StreamKey::Support(customer.id);
    assert!(
        store
            .conversation(customer.id)
            .await
            .expect("read")
            .is_none()
    );
    let first = Post {
        away: Some("Back at nine.".into()),
        ..post(stream, &me, 1, message("hello"))
    };
    let begun = done(&*store, &first).await;
    assert_eq!((begun.seq, begun.head), (1, 2));
    let opened =
        |event: &souk_domain::EventRecord| matches!(event.event, Event::ConversationOpened { .. });
    assert_eq!(begun.events.iter().filter(|event| opened(event)).count(), 1);
    let second = Post {
        away: Some("Back at nine.".into()),
        ..post(stream, &me, 2, message("anybody?"))
    };
    let more = done(&*store, &second).await;
    assert_eq!((more.head, more.events.len()), (3, 0), "away is said once");
    let counts = store.conversation_counts(sara.id).await.expect("counted");
    assert_eq!(
        (counts.unassigned, counts.mine, counts.open, counts.closed),
        (1, 0, 1, 0)
    );
    let change = |by: &Author, change| {
        let (store, by) = (engine.store(), by.clone());
        async move {
            let changed = store
                .change_conversation(customer.id, change, by, EntryId(id()), at(9))
                .await;
            changed.expect("the engine works")
        }
    };
    let take = ConversationChange::Take { force: false };
    let taken = change(&by_sara, take).await.expect("taken");
    assert_eq!(taken.assignee_name.as_deref(), Some("Sara"));
    let head = taken.head;
    assert_eq!(
        change(&by_sara, take).await.expect("taken").head,
        head,
        "nothing new to say"
    );
    assert_eq!(
        change(&by_omar, take).await,
        Err(ConversationError::Taken(sara.id))
    );
    let answer = Post {
        mail_if_unread: Some((customer.id, at(900))),
        ..post(stream, &by_sara, 31, message("yes"))
    };
    let answered = done(&*store, &answer).await;
    assert_eq!(answered.first_response_ms, Some(30_000));
    assert!(
        matches!(answered.events[0].event, Event::StaffReplied { seq, .. } if seq == answered.seq)
    );
    let next = done(&*store, &post(stream, &by_sara, 32, message("and"))).await;
    assert_eq!(next.first_response_ms, None, "measured once");
    let handed = ConversationChange::HandOver { to: Some(omar.id) };
    change(&by_sara, handed).await.expect("handed over");
    change(&by_omar, ConversationChange::Close)
        .await
        .expect("closed");
    let closed = store
        .conversations(ConversationView::Closed, None, 10)
        .await
        .expect("listed");
    assert_eq!(closed.items.len(), 1);
    let again = done(&*store, &post(stream, &me, 50, message("one more thing"))).await;
    assert_eq!(again.events.len(), 1, "staff hear of it");
    let mine = store
        .conversations(ConversationView::Of(omar.id), None, 10)
        .await
        .expect("listed");
    let one = &mine.items[0].conversation;
    assert_eq!(
        (one.status, one.last_text.as_str()),
        (ConversationStatus::Open, "one more thing")
    );
    let unassigned = store
        .conversations(ConversationView::Unassigned, None, 10)
        .await
        .expect("listed");
    assert!(unassigned.items.is_empty());
    let nobody = souk_domain::UserId(id());
    let none = store
        .change_conversation(
            nobody,
            ConversationChange::Close,
            by_omar,
            EntryId(id()),
            at(9),
        )
        .await;
    assert_eq!(
        none.expect("the engine works"),
        Err(ConversationError::NotFound)
    );
    assert_sound(&*store).await;
}

/// The one that was talked in last comes first, and pages do not repeat.
pub async fn the_queue_is_in_order(engine: &mut dyn Engine) {
    let store = engine.store();
    let mut people = Vec::new();
    for n in 0..7 {
        let (user, author) = person(&*store, Role::Guest, "").await;
        done(
            &*store,
            &post(StreamKey::Support(user.id), &author, n, message("hi")),
        )
        .await;
        people.push((user, author));
    }
    // The first one speaks again.
    let (user, author) = &people[0];
    done(
        &*store,
        &post(
            StreamKey::Support(user.id),
            author,
            100,
            message("hi again"),
        ),
    )
    .await;
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let page = store
            .conversations(ConversationView::Open, cursor.as_deref(), 3)
            .await
            .expect("listed");
        seen.extend(page.items.into_iter().map(|one| one.conversation.user_id));
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    let mut expected = vec![people[0].0.id];
    expected.extend(people[1..].iter().rev().map(|(user, _)| user.id));
    assert_eq!(seen, expected);
    assert!(
        store
            .conversations(ConversationView::Open, Some("x"), 3)
            .await
            .is_err()
    );
}

/// Canned replies are kept, changed and removed.
pub async fn canned_replies_are_kept(engine: &mut dyn Engine) {
    let store = engine.store();
    let reply = |title: &str| CannedReply {
        id: id(),
        title: title.into(),
        text: "Thank you!".into(),
        locale: None,
    };
    let (mut b, a) = (reply("b"), reply("a"));
    store.keep_canned_reply(&b).await.expect("kept");
    store.keep_canned_reply(&a).await.expect("kept");
    b.text = "Thanks!".into();
    store.keep_canned_reply(&b).await.expect("kept");
    assert_eq!(store.canned_replies().await.expect("read"), [a.clone(), b]);
    assert!(store.remove_canned_reply(a.id).await.expect("removed"));
    assert!(!store.remove_canned_reply(a.id).await.expect("looked"));
    assert_eq!(store.canned_replies().await.expect("read").len(), 1);
}
