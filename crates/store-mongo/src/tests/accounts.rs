//! Many at once: an address, a token, a set-up code.

use souk_app::ports::contract::fixtures::{at, id, user};
use souk_app::ports::store::{AccountStore, NewAccount, NewUser};
use souk_domain::user::{Role, Rotation, Session, User};
use souk_domain::{SessionId, UserId};
use tokio::task::JoinSet;

use super::start;
use crate::MongoStore;

/// As many as want the same at once.
const MANY: usize = 20;

fn new(user: User) -> NewUser {
    let session = session(user.id);
    NewUser {
        user,
        password_hash: Some("$argon2id$1".into()),
        session: Some(session),
        events: vec![],
    }
}

fn session(user: UserId) -> Session {
    Session::open(SessionId(id()), user, "Firefox", "::1", at(0))
}

async fn count(store: &MongoStore, collection: &str) -> u64 {
    let collection = store
        .inner
        .collection::<mongodb::bson::Document>(collection);
    collection
        .count_documents(mongodb::bson::doc! {})
        .await
        .expect("counted")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twenty_who_want_an_address_one_gets_it() {
    let engine = start().await;
    let mut tasks = JoinSet::new();
    for n in 0..MANY {
        let store = engine.now().clone();
        // However its letters are written; as a new account, or as a guest's.
        let email = if n % 2 == 0 {
            "Omar@Example.com"
        } else {
            "omar@example.COM"
        };
        let account = user(Role::Customer, email);
        tasks.spawn(async move {
            if n % 3 == 0 {
                let guest = User {
                    role: Role::Guest,
                    ..account.clone()
                };
                store.create_user(new(guest)).await.expect("made");
                return store.promote_guest(new(account)).await.expect("answered");
            }
            store.create_user(new(account)).await.expect("answered")
        });
    }
    let answers = tasks.join_all().await;
    let done = answers.iter().filter(|answer| **answer == NewAccount::Done);
    let taken = answers
        .iter()
        .filter(|answer| **answer == NewAccount::EmailTaken);
    assert_eq!((done.count(), taken.count()), (1, MANY - 1));
    let guests = u64::try_from(MANY.div_ceil(3)).expect("few");
    assert_eq!(count(engine.now(), "emails").await, 1);
    let users = count(engine.now(), "users").await;
    assert!(
        users == guests || users == guests + 1,
        "{users}: nothing is left of who was refused"
    );
    assert_eq!(count(engine.now(), "sessions").await, users);
    let email = "omar@example.com".parse().expect("an address");
    assert!(
        engine
            .now()
            .credentials(&email)
            .await
            .expect("read")
            .is_some()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twenty_rotations_one_is_the_successor() {
    let engine = start().await;
    let sara = user(Role::Customer, "sara@example.com");
    let first = new(sara.clone());
    let open = first.session.clone().expect("open");
    engine.now().create_user(first).await.expect("made");
    for generation in 1..=5 {
        let mut tasks = JoinSet::new();
        for _ in 0..MANY {
            let (store, id) = (engine.now().clone(), open.id);
            tasks.spawn(async move {
                let rotated =
                    store.rotate_session(id, generation, "::1", at(i64::from(generation)));
                rotated.await.expect("answered").expect("there").0
            });
        }
        let mut rotated = Vec::new();
        for rotation in tasks.join_all().await {
            match rotation {
                Rotation::Rotated(next) => rotated.push(next.generation),
                Rotation::Repeated(next) => assert_eq!(next.generation, generation + 1),
                other => panic!("{other:?}"),
            }
        }
        assert_eq!(rotated, [generation + 1]);
    }
    // A copy that is used later ends the session, once.
    let mut tasks = JoinSet::new();
    for _ in 0..MANY {
        let (store, id) = (engine.now().clone(), open.id);
        tasks.spawn(async move {
            store
                .rotate_session(id, 1, "::1", at(100))
                .await
                .expect("answered")
        });
    }
    let reused = tasks.join_all().await.into_iter().flatten();
    assert_eq!(
        reused
            .filter(|(rotation, _)| *rotation == Rotation::Reused)
            .count(),
        1
    );
    assert_eq!(count(engine.now(), "sessions").await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_twenty_with_the_code_one_runs_the_shop() {
    let engine = start().await;
    assert!(
        engine
            .now()
            .offer_setup_code([1; 32])
            .await
            .expect("offered")
    );
    let mut tasks = JoinSet::new();
    for n in 0..MANY {
        let store = engine.now().clone();
        let admin = user(Role::Admin, &format!("admin{n}@example.com"));
        tasks.spawn(async move {
            // Some offer another code meanwhile, which must not let in a second one.
            if n % 4 == 0 {
                store.offer_setup_code([1; 32]).await.expect("answered");
            }
            store.set_up([1; 32], new(admin)).await.expect("answered")
        });
    }
    let answers = tasks.join_all().await;
    let done = answers.iter().filter(|answer| **answer == NewAccount::Done);
    assert_eq!(done.count(), 1, "{answers:?}");
    assert_eq!(engine.now().staff().await.expect("read").len(), 1);
    assert_eq!(count(engine.now(), "emails").await, 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_admin_made_otherwise_ends_the_set_up() {
    let engine = start().await;
    let store = engine.now();
    assert!(store.offer_setup_code([1; 32]).await.expect("offered"));
    let sara = user(Role::Customer, "sara@example.com");
    store.create_user(new(sara.clone())).await.expect("made");
    assert!(
        store
            .change_role(sara.id, Role::Admin)
            .await
            .expect("changed")
    );
    assert!(
        store
            .change_role(sara.id, Role::Customer)
            .await
            .expect("changed")
    );
    let late = new(user(Role::Admin, "late@example.com"));
    let answer = store.set_up([1; 32], late).await.expect("answered");
    assert_eq!(
        answer,
        NewAccount::SetupCodeWrong,
        "an old code lets nobody in"
    );
}
