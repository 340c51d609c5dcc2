//! People, sessions, and kept answers.

use std::collections::BTreeSet;

use jiff::SignedDuration;
use souk_domain::user::{Role, Rotation, SESSION_LIFETIME, Session, User};
use souk_domain::{Locale, SessionId, Timestamp, UserId};

use super::Engine;
use super::fixtures::{at, event, id, user};
use crate::ports::Store;
use crate::ports::store::{KeptAnswer, KeyState, NewAccount, NewUser};

fn new(user: &User) -> NewUser {
    let password_hash = (user.role != Role::Guest).then(|| "$argon2id$1".to_owned());
    NewUser {
        user: user.clone(),
        password_hash,
        session: Some(session(user.id, 0)),
        events: vec![event(1)],
    }
}

fn session(user: UserId, seconds: i64) -> Session {
    Session::open(SessionId(id()), user, "Firefox", "::1", at(seconds))
}

async fn make(store: &dyn Store, user: &User) -> NewAccount {
    store.create_user(new(user)).await.expect("answered")
}

/// Whatever its letters' case; guests share addresses and own none.
pub async fn an_address_belongs_to_one_account(engine: &mut dyn Engine) {
    let store = engine.store();
    let sara = user(Role::Customer, "Sara@Example.com");
    assert_eq!(make(&*store, &sara).await, NewAccount::Done);
    assert_eq!(
        make(&*store, &user(Role::Customer, "sara@example.COM")).await,
        NewAccount::EmailTaken
    );
    assert_eq!(
        store.outbox_size().await.expect("size").0,
        1,
        "a refused account states nothing"
    );
    for _ in 0..2 {
        assert_eq!(
            make(&*store, &user(Role::Guest, "sara@example.com")).await,
            NewAccount::Done
        );
        assert_eq!(
            make(&*store, &user(Role::Guest, "")).await,
            NewAccount::Done
        );
    }
    let found = store
        .credentials(&"SARA@example.com".parse().expect("an address"))
        .await
        .expect("read")
        .expect("there");
    assert_eq!(
        (&found.user, found.password_hash.as_deref()),
        (&sara, Some("$argon2id$1"))
    );
    assert_eq!(store.user(sara.id).await.expect("read"), Some(sara.clone()));
    assert_eq!(
        store
            .credentials_of(sara.id)
            .await
            .expect("read")
            .map(|known| known.user),
        Some(sara.clone())
    );
    assert_eq!(store.user(UserId(id())).await.expect("read"), None);
    assert_eq!(store.sessions(sara.id).await.expect("read").len(), 1);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let store = engine.store();
        tasks.spawn(async move { make(&*store, &user(Role::Customer, "omar@example.com")).await });
    }
    assert_eq!(
        tasks
            .join_all()
            .await
            .into_iter()
            .filter(|made| *made == NewAccount::Done)
            .count(),
        1
    );
}

/// The same id, with all that is theirs; an account is not made twice.
pub async fn guests_become_customers_in_place(engine: &mut dyn Engine) {
    let store = engine.store();
    assert_eq!(
        make(&*store, &user(Role::Customer, "taken@example.com")).await,
        NewAccount::Done
    );
    let guest = user(Role::Guest, "sara@example.com");
    assert_eq!(make(&*store, &guest).await, NewAccount::Done);
    let as_customer = |email: &str| User {
        id: guest.id,
        ..user(Role::Customer, email)
    };
    let promote = async |user: &User| store.promote_guest(new(user)).await.expect("answered");
    assert_eq!(
        promote(&as_customer("taken@example.com")).await,
        NewAccount::EmailTaken
    );
    let sara = as_customer("sara@example.com");
    let promoted = new(&sara);
    let fresh = promoted.session.clone().expect("a session");
    assert_eq!(
        store.promote_guest(promoted).await.expect("answered"),
        NewAccount::Done
    );
    assert_eq!(promote(&sara).await, NewAccount::NotAGuest);
    assert_eq!(
        promote(&user(Role::Customer, "nobody@example.com")).await,
        NewAccount::NotAGuest
    );
    let known = store
        .credentials(&"sara@example.com".parse().expect("an address"))
        .await
        .expect("read")
        .expect("there");
    assert_eq!((known.user, known.password_hash.is_some()), (sara, true));
    let open = store.sessions(guest.id).await.expect("read");
    assert_eq!(open, [fresh], "the guest's sessions have ended");
}

/// Only the last one offered, only while there is no admin.
pub async fn the_setup_code_works_once(engine: &mut dyn Engine) {
    let store = engine.store();
    let admin = user(Role::Admin, "admin@example.com");
    let set_up = async |code, user: &User| store.set_up(code, new(user)).await.expect("answered");
    assert_eq!(set_up([0; 32], &admin).await, NewAccount::SetupCodeWrong);
    assert!(store.offer_setup_code([1; 32]).await.expect("offered"));
    assert!(store.offer_setup_code([2; 32]).await.expect("offered"));
    assert_eq!(set_up([1; 32], &admin).await, NewAccount::SetupCodeWrong);
    assert!(!store.has_admin().await.expect("read"));
    assert_eq!(set_up([2; 32], &admin).await, NewAccount::Done);
    assert!(store.has_admin().await.expect("read"));
    assert_eq!(
        set_up([2; 32], &user(Role::Admin, "second@example.com")).await,
        NewAccount::SetupCodeWrong
    );
    assert!(!store.offer_setup_code([3; 32]).await.expect("answered"));
    assert_eq!(
        set_up([3; 32], &user(Role::Admin, "third@example.com")).await,
        NewAccount::SetupCodeWrong
    );
}

/// Names, languages, roles, proven addresses.
pub async fn people_change(engine: &mut dyn Engine) {
    let store = engine.store();
    let sara = user(Role::Customer, "sara@example.com");
    make(&*store, &sara).await;
    make(&*store, &user(Role::Customer, "omar@example.com")).await;
    let changed = store
        .change_profile(sara.id, Some("سارة".into()), None)
        .await
        .expect("changed")
        .expect("there");
    assert_eq!(
        (changed.name.as_str(), changed.locale),
        ("سارة", Locale::Ar)
    );
    let changed = store
        .change_profile(sara.id, None, Some(Locale::En))
        .await
        .expect("changed")
        .expect("there");
    assert_eq!(
        (changed.name.as_str(), changed.locale),
        ("سارة", Locale::En)
    );
    assert_eq!(
        store
            .change_profile(UserId(id()), None, None)
            .await
            .expect("answered"),
        None
    );
    assert_eq!(store.staff().await.expect("read"), []);
    assert!(
        store
            .change_role(sara.id, Role::Staff)
            .await
            .expect("changed")
    );
    assert!(
        !store
            .change_role(UserId(id()), Role::Staff)
            .await
            .expect("answered")
    );
    assert!(
        store
            .verify_email(sara.id, &"SARA@example.com".parse().expect("an address"))
            .await
            .expect("verified")
    );
    assert!(
        !store
            .verify_email(sara.id, &"old@example.com".parse().expect("an address"))
            .await
            .expect("answered")
    );
    let staff = store.staff().await.expect("read");
    assert_eq!(
        (
            staff.len(),
            staff[0].id,
            staff[0].email_verified,
            staff[0].role
        ),
        (1, sara.id, true, Role::Staff)
    );
    assert!(
        store
            .credentials_of(sara.id)
            .await
            .expect("read")
            .expect("there")
            .password_hash
            .is_some()
    );
    store.state(vec![event(1)]).await.expect("stated");
    assert_eq!(store.outbox_size().await.expect("size").0, 3);
}

/// And the other devices are signed out.
pub async fn a_password_is_replaced_only_if_it_is_the_one_known(engine: &mut dyn Engine) {
    let store = engine.store();
    let sara = user(Role::Customer, "sara@example.com");
    make(&*store, &sara).await;
    let (here, there) = (session(sara.id, 1), session(sara.id, 2));
    store.open_session(&here).await.expect("open");
    store.open_session(&there).await.expect("open");
    assert!(
        !store
            .change_password(sara.id, Some("other"), "new", Some(here.id))
            .await
            .expect("answered")
    );
    assert!(
        !store
            .change_password(sara.id, None, "new", Some(here.id))
            .await
            .expect("answered")
    );
    assert_eq!(store.sessions(sara.id).await.expect("read").len(), 3);
    assert!(
        store
            .change_password(sara.id, Some("$argon2id$1"), "new", Some(here.id))
            .await
            .expect("changed")
    );
    assert_eq!(store.sessions(sara.id).await.expect("read"), [here]);
    let known = store
        .credentials_of(sara.id)
        .await
        .expect("read")
        .expect("there");
    assert_eq!(known.password_hash.as_deref(), Some("new"));
    assert!(
        store
            .change_password(sara.id, Some("new"), "newer", None)
            .await
            .expect("changed")
    );
    assert_eq!(store.sessions(sara.id).await.expect("read"), []);
}

/// Each token once; a copy that is used later ends the session.
pub async fn refresh_tokens_rotate(engine: &mut dyn Engine) {
    let store = engine.store();
    let sara = user(Role::Customer, "sara@example.com");
    make(&*store, &sara).await;
    let first = session(sara.id, 0);
    store.open_session(&first).await.expect("open");
    let rotate = async |generation, seconds| {
        store
            .rotate_session(first.id, generation, "::2", at(seconds))
            .await
            .expect("answered")
    };
    let Some((Rotation::Rotated(second), user)) = rotate(1, 100).await else {
        panic!("the newest token is good")
    };
    assert_eq!(
        (second.generation, second.address.as_str(), user.id),
        (2, "::2", sara.id)
    );
    assert_eq!(
        rotate(1, 110).await.map(|(rotation, _)| rotation),
        Some(Rotation::Repeated(second.clone()))
    );
    let state = store
        .session_state(first.id)
        .await
        .expect("read")
        .expect("there");
    assert_eq!(
        (state.user.id, state.expires_at),
        (sara.id, second.expires_at)
    );
    drop(store);
    engine.restart().await;
    let store = engine.store();
    let rotate = async |generation, seconds| {
        store
            .rotate_session(first.id, generation, "::2", at(seconds))
            .await
            .expect("answered")
    };
    assert_eq!(
        rotate(1, 200).await.map(|(rotation, _)| rotation),
        Some(Rotation::Reused)
    );
    assert!(rotate(2, 201).await.is_none(), "the session has ended");
    assert_eq!(store.session_state(first.id).await.expect("read"), None);
    assert!(
        store
            .rotate_session(SessionId(id()), 1, "", at(0))
            .await
            .expect("answered")
            .is_none()
    );
}

/// Two at once: one rotates, the other gets the same.
pub async fn two_tabs_get_the_same_successor(engine: &mut dyn Engine) {
    let store = engine.store();
    let sara = user(Role::Customer, "sara@example.com");
    make(&*store, &sara).await;
    let open = session(sara.id, 0);
    store.open_session(&open).await.expect("open");
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let (store, session) = (engine.store(), open.id);
        tasks.spawn(async move {
            store
                .rotate_session(session, 1, "::1", at(10))
                .await
                .expect("answered")
                .expect("there")
                .0
        });
    }
    let (mut rotated, mut generations) = (0, BTreeSet::new());
    for rotation in tasks.join_all().await {
        match rotation {
            Rotation::Rotated(next) => {
                rotated += 1;
                generations.insert(next.generation);
            }
            Rotation::Repeated(next) => {
                generations.insert(next.generation);
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((rotated, generations), (1, BTreeSet::from([2])));
}

/// The one used last first; nobody ends another's.
pub async fn sessions_are_listed_and_ended(engine: &mut dyn Engine) {
    let store = engine.store();
    let sara = user(Role::Guest, "");
    make(&*store, &sara).await;
    store.end_sessions(sara.id, None).await.expect("ended");
    let open: Vec<_> = (1..=4).map(|n| session(sara.id, n)).collect();
    for session in &open {
        store.open_session(session).await.expect("open");
    }
    store
        .rotate_session(open[0].id, 1, "::1", at(50))
        .await
        .expect("rotated");
    let listed: Vec<_> = store
        .sessions(sara.id)
        .await
        .expect("read")
        .iter()
        .map(|session| session.id)
        .collect();
    assert_eq!(listed, [open[0].id, open[3].id, open[2].id, open[1].id]);
    assert!(
        !store
            .end_session(UserId(id()), open[1].id)
            .await
            .expect("answered")
    );
    assert!(store.end_session(sara.id, open[1].id).await.expect("ended"));
    assert!(
        !store
            .end_session(sara.id, open[1].id)
            .await
            .expect("answered")
    );
    let ended: BTreeSet<_> = store
        .end_sessions(sara.id, Some(open[2].id))
        .await
        .expect("ended")
        .into_iter()
        .collect();
    assert_eq!(ended, BTreeSet::from([open[0].id, open[3].id]));
    assert_eq!(
        store.sessions(sara.id).await.expect("read"),
        [open[2].clone()]
    );
}

/// Taken, running, answered, abandoned, let go.
pub async fn keys_keep_their_answers(engine: &mut dyn Engine) {
    let store = engine.store();
    let (sara, omar) = (UserId(id()), UserId(id()));
    let take = async |user, hash, seconds| {
        store
            .take_key(user, "k", [hash; 32], at(seconds), at(seconds - 60))
            .await
            .expect("answered")
    };
    assert_eq!(take(sara, 1, 0).await, KeyState::Taken);
    assert_eq!(take(sara, 1, 1).await, KeyState::Running);
    assert_eq!(take(sara, 2, 1).await, KeyState::OtherRequest);
    assert_eq!(take(omar, 2, 1).await, KeyState::Taken);
    store.release_key(sara, "k").await.expect("let go");
    assert_eq!(take(sara, 2, 2).await, KeyState::Taken);
    let answer = KeptAnswer {
        status: 201,
        content_type: Some("application/json".into()),
        etag: Some("\"a.b\"".into()),
        body: vec![0, 159, 146, 150],
    };
    store
        .keep_answer(sara, "k", answer.clone())
        .await
        .expect("kept");
    store
        .release_key(sara, "k")
        .await
        .expect("answered keys stay");
    assert_eq!(take(sara, 2, 3).await, KeyState::Answered(answer.clone()));
    assert_eq!(take(sara, 1, 3).await, KeyState::OtherRequest);
    assert_eq!(take(omar, 2, 61).await, KeyState::Running);
    assert_eq!(take(omar, 2, 62).await, KeyState::Taken, "it was abandoned");
    assert_eq!(
        take(sara, 2, 86_400).await,
        KeyState::Answered(answer),
        "answers are never abandoned"
    );
    assert_eq!(
        take(sara, 1, 86_403).await,
        KeyState::Taken,
        "a day later it is free"
    );
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let store = engine.store();
        tasks.spawn(async move {
            store
                .take_key(sara, "race", [1; 32], at(0), at(-60))
                .await
                .expect("answered")
        });
    }
    let states = tasks.join_all().await;
    assert_eq!(
        states
            .iter()
            .filter(|state| **state == KeyState::Taken)
            .count(),
        1
    );
    assert_eq!(
        states
            .iter()
            .filter(|state| **state == KeyState::Running)
            .count(),
        19
    );
}

/// Answers after a day, sessions when they run out; what is young stays.
pub async fn what_outlived_its_retention_goes(engine: &mut dyn Engine) {
    let store = engine.store();
    let sara = user(Role::Guest, "");
    let mut guest = new(&sara);
    guest.session = None;
    store.create_user(guest).await.expect("made");
    let last = |age: SignedDuration| -> Timestamp { at(0).checked_add(age).expect("in range") };
    let end = last(SESSION_LIFETIME);
    for n in 0..250 {
        store
            .open_session(&session(sara.id, -n))
            .await
            .expect("open");
        store
            .take_key(sara.id, &format!("k{n}"), [0; 32], at(-n), at(-n - 60))
            .await
            .expect("taken");
    }
    let young = session(sara.id, 1);
    store.open_session(&young).await.expect("open");
    assert_eq!(store.trim(at(0)).await.expect("trimmed"), 0);
    assert_eq!(
        store
            .trim(last(SignedDuration::from_hours(24)))
            .await
            .expect("trimmed"),
        249
    );
    assert_eq!(store.trim(end).await.expect("trimmed"), 251);
    assert_eq!(store.sessions(sara.id).await.expect("read"), [young]);
    assert_eq!(store.trim(end).await.expect("trimmed"), 0);
}
