//! What other parts of the shop, and other instances, say to the sockets of this one.

use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;
use souk_app::ports::News;
use souk_domain::UserId;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::payload::{ReadNews, Stock, TypingNews};
use crate::sockets::Shared;
use crate::visitor;
use crate::{hub, rooms};

/// Tells the sockets what is heard, until nobody says anything any more.
pub(crate) async fn run(shared: Arc<Shared>, mut heard: Receiver<News>) {
    loop {
        match heard.recv().await {
            Ok(news) => tell(&shared, news).await,
            Err(RecvError::Lagged(missed)) => {
                metrics::counter!("souk_socket_news_missed_total").increment(missed);
                hub::look_everywhere(&shared);
            }
            Err(RecvError::Closed) => return,
        }
    }
}

async fn tell(shared: &Arc<Shared>, news: News) {
    match news {
        News::Head { stream, seq } => hub::heard(shared, stream, seq),
        News::Read {
            stream,
            user_id,
            seq,
        } => {
            let read = ReadNews {
                stream,
                user_id: user_id.0,
                seq,
            };
            // Their other devices hear of it whether they follow the stream or not.
            if let Some(followers) = shared.room(&stream.to_string()) {
                followers
                    .to(rooms::of_person(user_id))
                    .emit("read", &[value(&read)]);
            }
        }
        News::Typing {
            stream,
            user_id,
            name,
        } => {
            let typing = TypingNews {
                stream,
                user_id: user_id.0,
                name,
            };
            if let Some(followers) = shared.room(&stream.to_string()) {
                let others = followers.except(rooms::of_person(user_id));
                others.volatile().emit("typing", &[value(&typing)]);
            }
        }
        News::Stock {
            product_id,
            variant_id,
            available,
        } => {
            let stock = Stock {
                variant_id: variant_id.0,
                available,
            };
            if let Some(watchers) = shared.room(&rooms::of_product(product_id)) {
                watchers.volatile().emit("stock", &[value(&stock)]);
            }
        }
        // Pages are the API's.
        News::CatalogueChanged { .. } => {}
        News::SessionEnded { session } => {
            if let Some(sockets) = shared.room(&rooms::of_session(session)) {
                sockets.disconnect(true);
            }
        }
        News::PersonChanged { user_id } => changed(shared, user_id).await,
        News::Missed => hub::look_everywhere(shared),
    }
}

/// Somebody is called something else, or may do something else.
async fn changed(shared: &Shared, user_id: UserId) {
    let user = match shared.app.store.user(user_id).await {
        Ok(Some(user)) => user,
        Ok(None) => return,
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a person cannot be read"
            );
            return;
        }
    };
    let Some(sockets) = shared.room(&rooms::of_person(user_id)) else {
        return;
    };
    for socket in sockets.sockets() {
        let Some(visitor) = visitor::of(&socket) else {
            continue;
        };
        let same_role = visitor
            .actor()
            .is_some_and(|actor| actor.role() == user.role);
        if same_role {
            visitor.update(|pass| pass.actor.user = user.clone());
        } else {
            // What they may see is decided anew when they come back.
            socket.close(souk_socketio::Reason::Application("role changed"));
        }
    }
}

/// A payload as JSON.
pub(crate) fn value<T: Serialize>(payload: &T) -> Value {
    serde_json::to_value(payload).unwrap_or(Value::Null)
}
