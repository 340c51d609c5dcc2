//! Sockets: streams followed without a hole, chat, the desk, presence, live stock; and who may what.

mod desk;
mod rules;
mod sessions;
mod streams;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::socket_client::SocketClient;
use crate::test_app::{Person, TestApp};

async fn connect(app: &TestApp, person: &Person) -> SocketClient {
    SocketClient::connect(&app.url(""), Some(&person.token)).await
}

fn message(stream: &str, text: &str) -> Value {
    json!({"stream": stream, "id": Uuid::now_v7(), "type": "message", "data": {"text": text}})
}

fn support(person: &Person) -> String {
    format!("support:{}", person.id)
}

/// All entries of a stream, as the reader may GET them.
async fn all_entries(app: &TestApp, stream: &str, reader: &Person) -> Vec<Value> {
    let mut entries = Vec::new();
    loop {
        let path = format!(
            "/streams/{stream}/entries?limit=200&after={}",
            entries.len()
        );
        let page = app.get(&path, reader).await.expect(200);
        entries.extend(page["entries"].as_array().unwrap().iter().cloned());
        if page["head"].as_u64() == Some(entries.len() as u64) {
            return entries;
        }
    }
}
