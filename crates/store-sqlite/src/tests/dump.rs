//! All data, out of one file and into another.

use souk_app::ports::contract::Engine as _;
use souk_app::ports::contract::dump;
use souk_app::ports::store::DumpStore as _;
use tokio::sync::mpsc;

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
