//! Two servers joined by an adapter that carries what Node's carries: data, rooms, except, flags.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use souk_socketio::adapter::{
    AckNews, Adapter, Incomplete, Local, RemoteSocket, ServerAnswer, Target, Unreachable,
};
use souk_socketio::{Config, Encoded, NotJoined, Socket};
use tokio::sync::mpsc;

use crate::client::Ws;
use crate::site::Site;

/// Every server's rooms of every namespace.
type Wire = Arc<Mutex<Vec<Arc<Local>>>>;

struct Joined {
    own: Arc<Local>,
    wire: Wire,
}

impl Joined {
    fn others(&self) -> Vec<Arc<Local>> {
        let all = self.wire.lock().unwrap();
        all.iter()
            .filter(|local| {
                local.namespace() == self.own.namespace() && !Arc::ptr_eq(local, &self.own)
            })
            .cloned()
            .collect()
    }

    /// The event as it comes out of the other end of a wire.
    fn carried(&self, event: &Encoded) -> Encoded {
        let data: Vec<Value> = serde_json::from_str(event.json()).unwrap();
        Encoded::from_data(self.own.namespace(), &data, event.attachments().to_vec())
    }
}

#[async_trait]
impl Adapter for Joined {
    fn add_all(&self, socket: &Socket, rooms: &[&str]) -> Result<(), NotJoined> {
        self.own.add_all(socket, rooms)
    }

    fn del(&self, socket: &Socket, room: &str) {
        self.own.del(socket, room);
    }

    fn del_all(&self, socket: &Socket) {
        self.own.del_all(socket);
    }

    fn broadcast(&self, event: &Encoded, target: &Target) {
        self.own.broadcast(event, target);
        for other in self.others() {
            other.broadcast(&self.carried(event), target);
        }
    }

    fn broadcast_with_ack(
        &self,
        event: &Encoded,
        target: &Target,
        timeout: Duration,
        news: mpsc::UnboundedSender<AckNews>,
    ) {
        for other in self.others() {
            other.broadcast_with_ack(&self.carried(event), target, timeout, news.clone());
        }
        self.own.broadcast_with_ack(event, target, timeout, news);
    }

    async fn server_count(&self) -> Result<usize, Unreachable> {
        Ok(1 + self.others().len())
    }

    async fn fetch_sockets(
        &self,
        target: &Target,
    ) -> Result<Vec<RemoteSocket>, Incomplete<RemoteSocket>> {
        let mut found = self.own.fetch_sockets(target).await?;
        for other in self.others() {
            found.extend(other.fetch_sockets(target).await?);
        }
        Ok(found)
    }

    async fn all_rooms(&self) -> Result<Vec<String>, Incomplete<String>> {
        let mut all: BTreeSet<String> = self.own.all_rooms().await?.into_iter().collect();
        for other in self.others() {
            all.extend(other.all_rooms().await?);
        }
        Ok(all.into_iter().collect())
    }

    fn add_sockets(&self, target: &Target, rooms: &[&str]) {
        self.own.add_sockets(target, rooms);
        self.others()
            .iter()
            .for_each(|other| other.add_sockets(target, rooms));
    }

    fn del_sockets(&self, target: &Target, rooms: &[&str]) {
        self.own.del_sockets(target, rooms);
        self.others()
            .iter()
            .for_each(|other| other.del_sockets(target, rooms));
    }

    fn disconnect_sockets(&self, target: &Target, close_transport: bool) {
        self.own.disconnect_sockets(target, close_transport);
        self.others()
            .iter()
            .for_each(|other| other.disconnect_sockets(target, close_transport));
    }

    fn server_side_emit(&self, args: &[Value]) {
        self.others()
            .iter()
            .for_each(|other| other.server_event(args.to_vec()));
    }

    async fn server_side_emit_with_ack(
        &self,
        args: &[Value],
        _timeout: Duration,
    ) -> Result<Vec<Value>, Incomplete<Value>> {
        let answers = Arc::new(Mutex::new(Vec::new()));
        for other in self.others() {
            let answers = answers.clone();
            let answer = ServerAnswer::new(move |answer| answers.lock().unwrap().push(answer));
            other.server_request(args.to_vec(), answer);
        }
        Ok(answers.lock().unwrap().clone())
    }
}

#[tokio::test]
async fn servers_that_are_joined_are_one() {
    let wire = Wire::default();
    let join = |wire: &Wire| {
        let wire = wire.clone();
        move |own: Arc<Local>| -> Arc<dyn Adapter> {
            wire.lock().unwrap().push(own.clone());
            let wire = wire.clone();
            Arc::new(Joined { own, wire })
        }
    };
    let one = Site::with(Config::default(), |builder| builder.adapter(join(&wire))).await;
    let two = Site::with(Config::default(), |builder| builder.adapter(join(&wire))).await;
    let rooms = Arc::new(Mutex::new(Vec::new()));
    let seen = rooms.clone();
    wire.lock().unwrap()[0]
        .watch_rooms(move |room, occupied| seen.lock().unwrap().push((room.to_owned(), occupied)));
    let mut a = Ws::connect(one.address, json!({"rooms": ["r"]})).await;
    let mut b = Ws::connect(two.address, json!({"rooms": ["r", "s"]})).await;
    one.server.of("/").to("r").emit("all", &[json!(1)]);
    one.server.of("/").to("r").except("s").emit("mine", &[]);
    two.server.of("/").to("r").local().emit("here", &[]);
    assert_eq!(a.text().await, r#"42["all",1]"#);
    assert_eq!(a.text().await, r#"42["mine"]"#);
    assert_eq!(b.text().await, r#"42["all",1]"#);
    assert_eq!(b.text().await, r#"42["here"]"#);
    assert_eq!(two.server.of("/").fetch_sockets().await.unwrap().len(), 2);
    let everyone = one.server.of("/");
    let ask = everyone.emit_with_ack("ask", &[], Duration::from_secs(5));
    let answer = async {
        for ws in [&mut a, &mut b] {
            let question = ws.text().await;
            let id = question
                .strip_prefix("42")
                .unwrap()
                .strip_suffix(r#"["ask"]"#)
                .unwrap();
            ws.send(&format!("43{id}[true]")).await;
        }
    };
    let (answers, ()) = tokio::join!(ask, answer);
    assert_eq!(
        (answers.expected, answers.complete, answers.answers.len()),
        (2, true, 2)
    );
    one.server.of("/").server_side_emit(&[json!("news")]);
    assert_eq!(two.log.of("server"), [json!(["news"])]);
    assert!(one.log.of("server").is_empty());
    let asked = [json!("count"), json!(2)];
    let everyone = two.server.of("/");
    let answers = everyone.server_side_emit_with_ack(&asked, Duration::from_secs(5));
    assert_eq!(answers.await.unwrap(), [json!({"got": ["count", 2]})]);
    let names = one.server.of("/").all_rooms().await.unwrap();
    assert_eq!(names.len(), 4, "two rooms, two sockets: {names:?}");
    two.server.of("/").disconnect(true);
    assert_eq!(a.rest().await, ["41"]);
    assert_eq!(b.rest().await, ["41"]);
    one.log.wait("disconnected", 1).await;
    let rooms = rooms.lock().unwrap();
    let (own, shared): (Vec<_>, Vec<_>) = rooms.iter().partition(|(room, _)| room.len() == 20);
    assert_eq!(shared, [&("r".to_owned(), true), &("r".to_owned(), false)]);
    let id = own[0].0.clone();
    assert_eq!(own, [&(id.clone(), true), &(id, false)]);
}
