//! Channels listened to, on a connection of their own. When it is lost it is dialled again and every channel is
//! subscribed to again; whoever listens is told from when to when they were deaf, and must look for what they missed.
//!
//! What is heard faster than it is taken is dropped, and told like any other deafness: a slow listener must not make
//! Redis keep things for it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::StreamExt as _;
use redis::aio::{PubSubSink, PubSubStream};
use redis::{RedisError, RedisResult};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use crate::connection::Redis;
use crate::dial::{Dialler, PATIENCE, timed_out};

/// Messages that a listener may be behind.
const BEHIND: usize = 8_192;
/// Channels in one command.
const TOGETHER: usize = 512;
/// Time between two looks whether the server answers.
const PING_EVERY: Duration = Duration::from_secs(1);

/// What a listener hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heard {
    /// All channels asked for so far are subscribed to. What was said before this, and not heard, is lost.
    Listening,
    /// Nothing is heard until the next `Listening`.
    Deaf,
    /// Somebody said something.
    Message {
        /// On which channel.
        channel: String,
        /// What.
        payload: Bytes,
    },
}

/// What is listened to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Wanted {
    Channel(String),
    Pattern(String),
}

enum Order {
    Add(Wanted),
    Remove(Wanted),
}

/// Listens to channels. The connection goes with it.
pub struct Subscriber {
    orders: mpsc::UnboundedSender<Order>,
    task: JoinHandle<()>,
}

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Subscriber {
    /// Begins to dial, in the background; must be called within a runtime.
    #[must_use]
    pub fn open(redis: &Redis) -> (Self, mpsc::Receiver<Heard>) {
        let (orders, taken) = mpsc::unbounded_channel();
        let (tell, heard) = mpsc::channel(BEHIND);
        let ears = Ears {
            dialler: redis.dialler(),
            orders: taken,
            wanted: BTreeSet::new(),
            tell,
            missed: false,
        };
        let task = tokio::spawn(ears.keep());
        (Self { orders, task }, heard)
    }

    /// Listens to a channel from soon on, and for as long as it is not unsubscribed from.
    pub fn subscribe(&self, channel: impl Into<String>) {
        self.order(Order::Add(Wanted::Channel(channel.into())));
    }

    /// Listens to a channel no more.
    pub fn unsubscribe(&self, channel: impl Into<String>) {
        self.order(Order::Remove(Wanted::Channel(channel.into())));
    }

    /// Listens to all channels that a pattern (`a:*`) matches.
    pub fn subscribe_pattern(&self, pattern: impl Into<String>) {
        self.order(Order::Add(Wanted::Pattern(pattern.into())));
    }

    fn order(&self, order: Order) {
        // The task ends only with this.
        let _ = self.orders.send(order);
    }
}

struct Ears {
    dialler: Arc<Dialler>,
    orders: mpsc::UnboundedReceiver<Order>,
    wanted: BTreeSet<Wanted>,
    tell: mpsc::Sender<Heard>,
    /// Something did not fit.
    missed: bool,
}

impl Ears {
    async fn keep(mut self) {
        let mut tries = 0;
        loop {
            self.note_all();
            match self.connect().await {
                Ok((sink, stream)) => {
                    tries = 0;
                    self.tell(Heard::Listening);
                    let error = self.listen(sink, stream).await;
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "Redis is not heard any more"
                    );
                    self.tell(Heard::Deaf);
                }
                Err(error) if tries == 0 => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "Redis cannot be listened to"
                    );
                }
                Err(_) => {}
            }
            sleep(self.dialler.pause(tries)).await;
            tries = tries.saturating_add(1);
        }
    }

    async fn connect(&mut self) -> RedisResult<(PubSubSink, PubSubStream)> {
        let ears = timeout(PATIENCE * 2, self.dialler.ears()).await;
        let (mut sink, stream) = ears.unwrap_or_else(|_| Err(timed_out()))?.split();
        self.note_all();
        let all: Vec<_> = self.wanted.iter().cloned().collect();
        // However many they are: each command has a time of its own.
        add(&mut sink, &all).await?;
        Ok((sink, stream))
    }

    /// Until the connection is lost.
    async fn listen(&mut self, mut sink: PubSubSink, mut stream: PubSubStream) -> RedisError {
        loop {
            let done = tokio::select! {
                message = stream.next() => match message {
                    Some(message) => {
                        self.tell(Heard::Message {
                            channel: message.get_channel_name().to_owned(),
                            payload: Bytes::copy_from_slice(message.get_payload_bytes()),
                        });
                        Ok(())
                    }
                    None => return std::io::Error::from(std::io::ErrorKind::BrokenPipe).into(),
                },
                Some(order) = self.orders.recv() => self.follow(&mut sink, order).await,
                () = sleep(PING_EVERY) => in_time(sink.ping::<redis::Value>()).await.map(drop),
            };
            if let Err(error) = done {
                return error;
            }
        }
    }

    /// Does what was ordered, and what was ordered since, in as few commands as keep its order.
    async fn follow(&mut self, sink: &mut PubSubSink, first: Order) -> RedisResult<()> {
        let (mut added, mut removed) = (BTreeSet::new(), BTreeSet::new());
        let mut next = Some(first);
        while let Some(order) = next {
            match &order {
                Order::Add(wanted) => {
                    removed.remove(wanted);
                    added.insert(wanted.clone());
                }
                Order::Remove(wanted) => {
                    added.remove(wanted);
                    removed.insert(wanted.clone());
                }
            }
            self.note(order);
            next = self.orders.try_recv().ok();
        }
        add(sink, &added.into_iter().collect::<Vec<_>>()).await?;
        remove(sink, &removed.into_iter().collect::<Vec<_>>()).await
    }

    fn note_all(&mut self) {
        while let Ok(order) = self.orders.try_recv() {
            self.note(order);
        }
    }

    fn note(&mut self, order: Order) {
        match order {
            Order::Add(wanted) => self.wanted.insert(wanted),
            Order::Remove(wanted) => self.wanted.remove(&wanted),
        };
    }

    fn tell(&mut self, heard: Heard) {
        if self.missed && self.tell.try_send(Heard::Listening).is_err() {
            return;
        }
        self.missed = self.tell.try_send(heard).is_err();
    }
}

async fn add(sink: &mut PubSubSink, wanted: &[Wanted]) -> RedisResult<()> {
    let (channels, patterns) = sorted(wanted);
    for some in channels.chunks(TOGETHER) {
        in_time(sink.subscribe(some)).await?;
    }
    for some in patterns.chunks(TOGETHER) {
        in_time(sink.psubscribe(some)).await?;
    }
    Ok(())
}

async fn remove(sink: &mut PubSubSink, wanted: &[Wanted]) -> RedisResult<()> {
    let (channels, patterns) = sorted(wanted);
    for some in channels.chunks(TOGETHER) {
        in_time(sink.unsubscribe(some)).await?;
    }
    for some in patterns.chunks(TOGETHER) {
        in_time(sink.punsubscribe(some)).await?;
    }
    Ok(())
}

fn sorted(wanted: &[Wanted]) -> (Vec<&str>, Vec<&str>) {
    let (mut channels, mut patterns) = (Vec::new(), Vec::new());
    for one in wanted {
        match one {
            Wanted::Channel(name) => channels.push(name.as_str()),
            Wanted::Pattern(pattern) => patterns.push(pattern.as_str()),
        }
    }
    (channels, patterns)
}

async fn in_time<T>(asked: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    timeout(PATIENCE, asked)
        .await
        .unwrap_or_else(|_| Err(timed_out()))
}
