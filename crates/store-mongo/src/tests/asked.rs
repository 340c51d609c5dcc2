//! What many ask at once is few questions, and everybody gets their own answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures::future::join_all;
use mongodb::bson::{Document, doc};
use mongodb::event::EventHandler;
use mongodb::event::command::CommandEvent;
use souk_app::ports::EngineError;
use souk_app::ports::contract::fixtures::{customer, placed, shop_with};
use souk_app::ports::store::OrderStore;
use souk_domain::OrderId;

use super::{OnServer, new_url};
use crate::open::{Link, client_options};
use crate::records::id;
use crate::{MongoOptions, MongoStore};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_questions_at_once_are_few_and_answered_one_by_one() {
    let url = new_url().await;
    let questions: Arc<AtomicU32> = Arc::default();
    let known = MongoOptions::default();
    let mut options = client_options(&url, &known).await.expect("a URL");
    let counted = Arc::clone(&questions);
    options.command_event_handler = Some(EventHandler::callback(move |event| {
        if let CommandEvent::Started(started) = event
            && started.command_name == "find"
        {
            counted.fetch_add(1, Ordering::SeqCst);
        }
    }));
    let link = Link::of(options).expect("a client");
    let database = link.database.clone();
    let started = MongoStore::start(link, MongoOptions::default());
    let store = started.await.expect("opens");
    let _gone = OnServer {
        url,
        store: Some(store.clone()),
    };
    let variant = shop_with(&store, 100).await;
    let buyer = customer("Sara");
    let mut orders = Vec::new();
    for n in 0..20 {
        let order = placed(&store, &buyer, &format!("k{n}"), variant, 1).await;
        orders.push(order);
    }

    questions.store(0, Ordering::SeqCst);
    let asked = orders.iter().cycle().take(200);
    let asked = asked.map(async |order| {
        let found = store.order(order.id).await.expect("answers");
        assert_eq!(found.as_ref(), Some(order));
    });
    let nobody = async {
        let none = store.order(OrderId(uuid::Uuid::from_u128(7))).await;
        assert_eq!(none.expect("answers"), None);
    };
    tokio::join!(join_all(asked), nobody);
    let questions = questions.load(Ordering::SeqCst);
    assert!(questions <= 20, "{questions} questions for 201 orders");

    // One that cannot be read is an error of those who asked for it, and of nobody else.
    let rows = database.collection::<Document>("orders");
    let broken = doc! { "$set": { "body": "{}" } };
    let broken = rows.update_one(doc! { "_id": id(orders[0].id.0) }, broken);
    broken.await.expect("broken");
    let answers = join_all(orders.iter().map(|order| store.order(order.id))).await;
    assert!(matches!(answers[0], Err(EngineError::Refused(_))));
    for (order, answer) in orders.iter().zip(answers).skip(1) {
        assert_eq!(answer.expect("answers").as_ref(), Some(order));
    }
}
