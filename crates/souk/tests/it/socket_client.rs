//! A small client of Socket.IO 5 over WebSocket, written for the tests: what it sends and hears is what is on the wire.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio_tungstenite::tungstenite::Message;

pub const PATIENCE: Duration = Duration::from_secs(10);

/// Who waits for an answer; none once the socket is gone.
type Waiting = Arc<Mutex<Option<HashMap<u64, oneshot::Sender<Value>>>>>;

/// The asking half; cheap to clone.
#[derive(Clone)]
pub struct Asker {
    out: mpsc::UnboundedSender<String>,
    waiting: Waiting,
    next: Arc<AtomicU64>,
}

/// A connected socket.
pub struct SocketClient {
    pub asker: Asker,
    pub events: mpsc::UnboundedReceiver<(String, Value)>,
    reading: AbortHandle,
}

impl Asker {
    /// Asks, and waits for the answer; none when the socket is gone or silent.
    pub async fn try_ask(&self, event: &str, payload: Value) -> Option<Value> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        self.waiting
            .lock()
            .unwrap()
            .as_mut()?
            .insert(number, answer);
        self.out
            .send(format!("42{number}{}", json!([event, payload])))
            .ok()?;
        tokio::time::timeout(PATIENCE, answered).await.ok()?.ok()
    }

    pub async fn ask(&self, event: &str, payload: Value) -> Value {
        self.try_ask(event, payload).await.expect("an answer")
    }

    /// Says something that wants no answer.
    pub fn say(&self, event: &str, payload: &Value) {
        let _ = self.out.send(format!("42{}", json!([event, payload])));
    }

    /// Puts a text on the wire as it is.
    pub fn raw(&self, text: impl Into<String>) {
        let _ = self.out.send(text.into());
    }
}

impl SocketClient {
    /// Connects; an error is the `data` of the refusal, or null when there is no connection.
    pub async fn try_connect(url: &str, token: Option<&str>) -> Result<Self, Value> {
        let address = format!(
            "{}/socket.io/?EIO=4&transport=websocket",
            url.replacen("http", "ws", 1)
        );
        let connecting = tokio_tungstenite::connect_async(address);
        let connected = tokio::time::timeout(PATIENCE, connecting).await;
        let (socket, _) = connected
            .map_err(|_| Value::Null)?
            .map_err(|_| Value::Null)?;
        let (mut sink, mut stream) = socket.split();
        let mut hear = async || {
            let text = async {
                loop {
                    match stream.next().await {
                        Some(Ok(Message::Text(text))) => return Some(text.to_string()),
                        Some(Ok(_)) => {}
                        _ => return None,
                    }
                }
            };
            tokio::time::timeout(PATIENCE, text).await.ok().flatten()
        };
        hear()
            .await
            .filter(|open| open.starts_with('0'))
            .ok_or(Value::Null)?;
        let auth = token.map_or(json!({}), |token| json!({ "token": token }));
        let hello = Message::text(format!("40{auth}"));
        sink.send(hello).await.map_err(|_| Value::Null)?;
        let mut early = Vec::new();
        loop {
            let text = hear().await.ok_or(Value::Null)?;
            if text.starts_with("40") {
                break;
            }
            if let Some(refused) = text.strip_prefix("44") {
                let refused: Value = serde_json::from_str(refused).unwrap();
                return Err(refused["data"].clone());
            }
            early.push(text);
        }
        let (out, mut to_send) = mpsc::unbounded_channel::<String>();
        let (heard, events) = mpsc::unbounded_channel();
        let waiting = Arc::new(Mutex::new(Some(HashMap::new())));
        let answers = waiting.clone();
        let pong = out.downgrade();
        tokio::spawn(async move {
            while let Some(text) = to_send.recv().await {
                if sink.send(Message::text(text)).await.is_err() {
                    return;
                }
            }
            // Whoever drops the client falls silent: the connection stays, and nobody answers on it.
        });
        let reading = tokio::spawn(async move {
            while let Some(Ok(message)) = stream.next().await {
                let Message::Text(text) = message else {
                    continue;
                };
                take(text.as_str(), &answers, &heard, &pong);
            }
            // Nobody waits for an answer that cannot come.
            answers.lock().unwrap().take();
        });
        let asker = Asker {
            out,
            waiting,
            next: Arc::new(AtomicU64::new(1)),
        };
        Ok(Self {
            asker,
            events,
            reading: reading.abort_handle(),
        })
    }

    pub async fn connect(url: &str, token: Option<&str>) -> Self {
        Self::try_connect(url, token).await.expect("let in")
    }

    /// Cuts the connection, without a word.
    pub fn cut(self) {
        self.reading.abort();
    }

    pub async fn ask(&self, event: &str, payload: Value) -> Value {
        self.asker.ask(event, payload).await
    }

    /// The next event of this name; others are passed over.
    pub async fn next(&mut self, name: &str) -> Value {
        let waiting = async {
            loop {
                let (event, payload) = self.events.recv().await.expect("still connected");
                if event == name {
                    return payload;
                }
            }
        };
        let in_time = tokio::time::timeout(PATIENCE, waiting).await;
        in_time.unwrap_or_else(|_| panic!("no {name} came"))
    }

    /// Waits until the server ends the socket; how long that took.
    pub async fn ended(&mut self, patience: Duration) -> Option<Duration> {
        let started = std::time::Instant::now();
        let ending = async { while self.events.recv().await.is_some() {} };
        tokio::time::timeout(patience, ending).await.ok()?;
        Some(started.elapsed())
    }
}

fn take(
    text: &str,
    answers: &Waiting,
    heard: &mpsc::UnboundedSender<(String, Value)>,
    out: &mpsc::WeakUnboundedSender<String>,
) {
    if text == "2" {
        if let Some(out) = out.upgrade() {
            let _ = out.send("3".to_owned());
        }
    } else if let Some(event) = text.strip_prefix("42") {
        let mut event: Vec<Value> = serde_json::from_str(event).unwrap();
        let payload = if event.len() > 1 {
            event.remove(1)
        } else {
            Value::Null
        };
        let _ = heard.send((event[0].as_str().unwrap().to_owned(), payload));
    } else if let Some(ack) = text.strip_prefix("43") {
        let (number, args) = ack.split_at(ack.find('[').unwrap());
        let mut args: Vec<Value> = serde_json::from_str(args).unwrap();
        let mut answers = answers.lock().unwrap();
        let number = number.parse().unwrap();
        if let Some(waiting) = answers.as_mut().and_then(|it| it.remove(&number)) {
            let _ = waiting.send(args.remove(0));
        }
    }
}

/// A client's copy of a stream: what it was told, with edits and deletions done to it, as the contract says.
#[derive(Debug, Clone, Default)]
pub struct Copy {
    pub entries: Vec<Value>,
}

impl Copy {
    pub fn last(&self) -> u64 {
        self.entries
            .last()
            .map_or(0, |entry| entry["seq"].as_u64().unwrap())
    }

    /// Takes the next entry. Panics at a hole or a repeat: the server promised that there is none.
    pub fn take(&mut self, mut entry: Value) {
        entry.as_object_mut().unwrap().remove("stream");
        assert_eq!(
            entry["seq"].as_u64(),
            Some(self.last() + 1),
            "a hole or a repeat"
        );
        let target = entry["data"]["seq"]
            .as_u64()
            .and_then(|seq| usize::try_from(seq).ok());
        if let Some(target) = target.filter(|target| *target < self.entries.len() + 1) {
            match entry["type"].as_str().unwrap() {
                "edit" if !self.entries[target - 1]["data"].is_null() => {
                    self.entries[target - 1]["data"] =
                        json!({"text": entry["data"]["text"], "edited": true});
                }
                "delete" => {
                    self.entries[target - 1]["data"] = Value::Null;
                    for edit in &mut self.entries {
                        if edit["type"] == "edit" && edit["data"]["seq"] == entry["data"]["seq"] {
                            edit["data"] = Value::Null;
                        }
                    }
                }
                _ => {}
            }
        }
        self.entries.push(entry);
    }

    /// Asks for what came after the copy's end until all is there, and then live; false when the socket is gone.
    pub async fn follow(&mut self, asker: &Asker, stream: &str) -> bool {
        loop {
            let asked = json!({"stream": stream, "after": self.last()});
            let Some(answer) = asker.try_ask("subscribe", asked).await else {
                return false;
            };
            if answer["code"] == "unavailable" {
                return false;
            }
            assert_eq!(answer["ok"], true, "{answer}");
            for entry in answer["entries"].as_array().unwrap() {
                self.take(entry.clone());
            }
            if answer["more"] == false {
                assert_eq!(answer["head"].as_u64(), Some(self.last()));
                return true;
            }
        }
    }
}
