//! One client of the soak: it talks, is cut off, comes back, and keeps a copy of every stream that it reads.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures::future::join_all;
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom as _, SliceRandom as _};
use rand::{Rng as _, SeedableRng as _};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::socket_client::{Asker, Copy, SocketClient};

/// How often a client id is posted in all, where it is posted again.
const TIMES: usize = 5;
/// Tokens are good for ten minutes.
const RENEW_AFTER: Duration = Duration::from_mins(4);

/// What all clients look at.
#[derive(Clone)]
pub struct Scene {
    /// Where the server is; it moves with every restart.
    pub url: watch::Receiver<String>,
    /// Whether everybody is to come to rest.
    pub rest: watch::Receiver<bool>,
    /// Until then those who are away for long stay away.
    pub back_at: Instant,
}

/// Something that was posted: acknowledged, unless it is still on its way.
#[derive(Debug, Clone)]
pub struct Said {
    pub stream: String,
    pub body: Value,
    pub seq: u64,
    at: Value,
}

/// What happened to a client.
#[derive(Debug, Default, Clone, Copy)]
pub struct Counts {
    pub connections: usize,
    pub repeats: usize,
    pub caught_up: u64,
    pub most_caught_up: u64,
}

pub struct Talker {
    pub id: String,
    token: String,
    cookie: String,
    renewed: Instant,
    http: Client,
    pub scene: Scene,
    /// Streams that it reads.
    pub reads: Vec<String>,
    /// Streams in which it may talk.
    pub talks: Vec<String>,
    pub copies: HashMap<String, Copy>,
    pub said: Vec<Said>,
    /// What its own messages say now: text, and whether it is another than at first; none when deleted.
    pub own: HashMap<(String, u64), Option<(String, bool)>>,
    on_its_way: Option<Said>,
    /// Goes away soon, and for long.
    pub leaves: bool,
    pub counts: Counts,
    random: StdRng,
}

impl Talker {
    /// Somebody new, or somebody who signs in: what `path` of the accounts' routes answers.
    pub async fn enter(scene: Scene, path: &str, body: Value, seed: u64) -> Self {
        let http = Client::builder()
            .timeout(Duration::from_secs(20))
            .build()
            .unwrap();
        let url = format!("{}/api/v1/auth/{path}", scene.url.borrow().as_str());
        let answer = http.post(url).json(&body).send().await.unwrap();
        let cookie = cookie_of(&answer);
        let made: Value = answer.json().await.unwrap();
        Self {
            id: made["user"]["id"].as_str().unwrap().to_owned(),
            token: made["accessToken"].as_str().unwrap().to_owned(),
            cookie,
            renewed: Instant::now(),
            http,
            scene,
            reads: Vec::new(),
            talks: Vec::new(),
            copies: HashMap::new(),
            said: Vec::new(),
            own: HashMap::new(),
            on_its_way: None,
            leaves: false,
            counts: Counts::default(),
            random: StdRng::seed_from_u64(seed),
        }
    }

    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}/api/v1{path}", self.scene.url.borrow().as_str());
        self.http.request(method, url).bearer_auth(&self.token)
    }

    /// Talks and listens until everybody is to rest; then all that it said is acknowledged, and it is connected.
    pub async fn live(mut self) -> (Self, SocketClient) {
        loop {
            let Some(mut socket) = self.connect().await else {
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            };
            let lasts = Duration::from_millis(self.random.random_range(100..4_000));
            if self.talk(&mut socket, Instant::now() + lasts).await {
                return (self, socket);
            }
            // Half of them are cut off; of the others the server hears nothing any more.
            if self.random.random_bool(0.5) {
                socket.cut();
            }
            let away = Duration::from_millis(self.random.random_range(0..600));
            let away = if std::mem::take(&mut self.leaves) {
                self.scene.back_at.saturating_duration_since(Instant::now())
            } else if self.random.random_ratio(1, 10) {
                away * 5
            } else {
                away
            };
            tokio::time::sleep(away).await;
        }
    }

    /// Comes back and takes what it missed; nothing when the server went away meanwhile.
    async fn connect(&mut self) -> Option<SocketClient> {
        if self.renewed.elapsed() > RENEW_AFTER {
            self.renew().await?;
        }
        let url = self.scene.url.borrow().clone();
        let connected = SocketClient::try_connect(&url, Some(&self.token)).await;
        let socket = match connected {
            Ok(socket) => socket,
            // No server, or one that is about to stop.
            Err(refused) if refused.is_null() || refused["code"] == "unavailable" => return None,
            Err(refused) => panic!("not let in: {refused}"),
        };
        self.counts.connections += 1;
        self.reads.shuffle(&mut self.random);
        for stream in &self.reads {
            let copy = self.copies.entry(stream.clone()).or_default();
            let had = copy.last();
            if !copy.follow(&socket.asker, stream).await {
                return None;
            }
            let missed = copy.last() - had;
            self.counts.caught_up += missed;
            self.counts.most_caught_up = self.counts.most_caught_up.max(missed);
        }
        Some(socket)
    }

    async fn renew(&mut self) -> Option<()> {
        let url = self.scene.url.borrow().clone();
        let request = self.http.post(format!("{url}/api/v1/auth/refresh"));
        let request = request.header("Origin", url).header("Cookie", &self.cookie);
        let answer = request.send().await.ok()?;
        if answer.status().is_server_error() {
            return None;
        }
        assert_eq!(answer.status().as_u16(), 200, "the session is to go on");
        let cookie = cookie_of(&answer);
        let renewed: Value = answer.json().await.ok()?;
        renewed["accessToken"].as_str()?.clone_into(&mut self.token);
        (self.cookie, self.renewed) = (cookie, Instant::now());
        Some(())
    }

    /// Whether everybody is to rest, and it does; false when the socket is to be cut, or is.
    async fn talk(&mut self, socket: &mut SocketClient, until: Instant) -> bool {
        let mut next = Instant::now();
        loop {
            let rest = *self.scene.rest.borrow();
            if rest && self.on_its_way.is_none() {
                return true;
            }
            if !rest && Instant::now() >= until {
                return false;
            }
            tokio::select! {
                heard = socket.events.recv() => match heard {
                    Some((event, payload)) => self.hear(&event, payload),
                    None => return false,
                },
                () = tokio::time::sleep_until(next.into()) => {
                    if !self.act(socket).await {
                        return false;
                    }
                    next = Instant::now() + Duration::from_millis(self.random.random_range(5..120));
                }
            }
        }
    }

    /// Takes what was said live.
    pub fn hear(&mut self, event: &str, payload: Value) {
        let Some(stream) = payload["stream"].as_str() else {
            return;
        };
        match event {
            "entry" => {
                let copy = self.copies.get_mut(stream);
                copy.expect("only what it reads").take(payload);
            }
            "head" => {
                let (seq, copy) = (payload["seq"].as_u64().unwrap(), &self.copies[stream]);
                assert!(copy.last() >= seq, "{stream}: the head came before entries");
            }
            _ => {}
        }
    }

    /// Does one thing; false when the socket is gone or is to be cut.
    async fn act(&mut self, socket: &mut SocketClient) -> bool {
        if self.random.random_ratio(1, 40) {
            return self.follow_anew(socket).await;
        }
        let Some(said) = self.on_its_way.clone().or_else(|| self.think()) else {
            return true;
        };
        self.on_its_way = Some(said.clone());
        if self.random.random_ratio(1, 15) {
            // It says it and is cut off before it hears the answer.
            socket.asker.say("post", &on_socket(&said));
            tokio::time::sleep(Duration::from_millis(self.random.random_range(0..8))).await;
            return false;
        }
        let first = self.random.random_ratio(1, 8);
        // Some are in a hurry and say it many times at once.
        let answers = if first {
            join_all((0..TIMES).map(|_| over_socket(&socket.asker, &said))).await
        } else {
            vec![self.post(socket, &said).await]
        };
        let mut acknowledged: Vec<_> = answers.into_iter().flatten().collect();
        let Some((seq, at)) = acknowledged.pop() else {
            return true;
        };
        for again in &acknowledged {
            assert_eq!(again, &(seq, at.clone()), "{said:?} is there twice");
        }
        self.counts.repeats += acknowledged.len();
        let said = Said { seq, at, ..said };
        self.note(&said);
        self.said.push(said.clone());
        self.on_its_way = None;
        if self.random.random_ratio(1, 3) {
            for _ in 1..TIMES {
                self.repeat(socket, &said).await;
            }
        }
        true
    }

    /// Something to say: mostly messages, some edits and deletions of its own.
    fn think(&mut self) -> Option<Said> {
        if *self.scene.rest.borrow() {
            return None;
        }
        // Half of what is said is said in few streams, so that some grow fast.
        let few = self.talks.len().min(2);
        let among = if self.random.random_bool(0.5) {
            &self.talks[..few]
        } else {
            &self.talks[..]
        };
        let stream = among.choose(&mut self.random)?.clone();
        let stands = |(place, text): (&(String, u64), &Option<_>)| {
            (place.0 == stream && text.is_some()).then_some(place.1)
        };
        let mut own: Vec<u64> = self.own.iter().filter_map(stands).collect();
        own.sort_unstable();
        let number: u32 = self.random.random();
        let text = format!("{number} مرحبا {}.", "x".repeat(number as usize % 200));
        let (kind, data) = match (own.choose(&mut self.random), number % 10) {
            (Some(seq), 0 | 1) => ("edit", json!({"seq": seq, "text": text})),
            (Some(seq), 2) => ("delete", json!({"seq": seq})),
            _ => ("message", json!({"text": text})),
        };
        let id = uuid::Builder::from_random_bytes(self.random.random()).into_uuid();
        Some(Said {
            stream,
            body: json!({"id": id, "type": kind, "data": data}),
            seq: 0,
            at: Value::Null,
        })
    }

    /// What its own messages say after something was acknowledged.
    fn note(&mut self, said: &Said) {
        let data = &said.body["data"];
        let text = data["text"].as_str().map(str::to_owned);
        let place = data["seq"].as_u64().unwrap_or(said.seq);
        let edited = said.body["type"] == "edit";
        let now = text.map(|text| (text, edited));
        self.own.insert((said.stream.clone(), place), now);
    }

    /// Says again what was acknowledged: the answer is the first one's, or none.
    pub async fn repeat(&mut self, socket: &SocketClient, said: &Said) {
        if let Some(again) = self.post(socket, said).await {
            assert_eq!(
                again,
                (said.seq, said.at.clone()),
                "{said:?} is there twice"
            );
            self.counts.repeats += 1;
        }
    }

    /// Posts, on the socket or over HTTP; none when the answer did not come.
    async fn post(&mut self, socket: &SocketClient, said: &Said) -> Option<(u64, Value)> {
        if self.random.random_bool(0.7) {
            return over_socket(&socket.asker, said).await;
        }
        let path = format!("/streams/{}/entries", said.stream);
        let request = self.request(reqwest::Method::POST, &path);
        let answer = request.json(&said.body).send().await.ok()?;
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap_or(Value::Null);
        match status {
            // Cut off in the middle of the answer.
            200 | 201 if body.is_null() => None,
            200 | 201 => Some((body["seq"].as_u64().unwrap(), body["at"].clone())),
            // A server that stops, or a front door whose server went away.
            502..=504 => None,
            _ => panic!("{said:?}: {status} {body}"),
        }
    }

    /// Stops following a stream and follows it again on the same socket.
    async fn follow_anew(&mut self, socket: &mut SocketClient) -> bool {
        let stream = self.reads.choose(&mut self.random).unwrap().clone();
        let asked = socket
            .asker
            .try_ask("unsubscribe", json!({"stream": stream}));
        if asked.await.is_none() {
            return false;
        }
        // What came before that answer was heard before it.
        while let Ok((event, payload)) = socket.events.try_recv() {
            self.hear(&event, payload);
        }
        let copy = self.copies.get_mut(&stream).unwrap();
        copy.follow(&socket.asker, &stream).await
    }
}

fn on_socket(said: &Said) -> Value {
    let mut payload = said.body.clone();
    payload["stream"] = json!(said.stream);
    payload
}

async fn over_socket(asker: &Asker, said: &Said) -> Option<(u64, Value)> {
    let answer = asker.try_ask("post", on_socket(said)).await?;
    if answer["code"] == "unavailable" {
        return None;
    }
    assert_eq!(answer["ok"], true, "{said:?}: {answer}");
    Some((answer["seq"].as_u64().unwrap(), answer["at"].clone()))
}

fn cookie_of(answer: &reqwest::Response) -> String {
    let set = answer.headers()["set-cookie"].to_str().unwrap();
    set.split(';').next().unwrap().to_owned()
}
