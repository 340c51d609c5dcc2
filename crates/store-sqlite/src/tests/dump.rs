//! All data, out of one file and into another.

use souk_app::ports::contract::Engine as _;
use souk_app::ports::contract::dump;
use souk_app::ports::store::{DumpStore as _, MailMark, Row};
use souk_domain::UserId;
use souk_domain::stream::StreamKey;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{start, start_always_merging};

#[tokio::test(flavor = "multi_thread")]
async fn all_data_moves_to_another_file() {
    let (from, to) = (start().await, start_always_merging().await);
    dump::moves(&*from.store(), &*to.store()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stops_taking_stops_the_export() {
    let engine = start().await;
    let (out, taken) = mpsc::channel(1);
    drop(taken);
    souk_app::ports::contract::fixtures::shop_with(&*engine.store(), 1).await;
    engine
        .now()
        .export(out)
        .await
        .expect("ends without an error");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mark_alone_is_data_that_is_not_restored_over() {
    let engine = start().await;
    let mark = Row::ReadMark {
        stream: StreamKey::Store,
        user_id: UserId(Uuid::nil()),
        mark: MailMark::default(),
    };
    dump::restore(&*engine.store(), &[mark]).await;
    assert!(!engine.now().begin_restore().await.expect("answered"));
}
