//! Holds what is sent, and what is taken, against `contract/events.schema.json` and `contract/asyncapi.json`.

use std::collections::BTreeSet;

use jsonschema::Validator;
use serde_json::{Value, json};
use souk_domain::order::{OrderStatus, PaymentStatus};
use souk_domain::stream::{Assignee, Author, Content, Entry as StreamEntry, EntryBody, StreamKey};
use souk_domain::support::ConversationStatus;
use souk_domain::user::Role;
use souk_domain::{
    EntryId, JobId, Locale, Money, OrderId, OrderNumber, ProductId, Timestamp, UserId, VariantId,
};
use uuid::Uuid;

use crate::answer::{Code, Failure, done};
use crate::payload;

const SCHEMA: &str = include_str!("../../../contract/events.schema.json");
const ASYNCAPI: &str = include_str!("../../../contract/asyncapi.json");

fn schema() -> Value {
    serde_json::from_str(SCHEMA).unwrap()
}

fn validator(definition: &str) -> Validator {
    let mut schema = schema();
    assert!(
        !schema["$defs"][definition].is_null(),
        "{definition} is not in the schema"
    );
    schema["$ref"] = json!(format!("#/$defs/{definition}"));
    jsonschema::draft202012::new(&schema).unwrap()
}

#[track_caller]
fn assert_fits(definition: &str, value: &Value) {
    let faults: Vec<String> = validator(definition)
        .iter_errors(value)
        .map(|error| error.to_string())
        .collect();
    assert!(faults.is_empty(), "{definition}: {value}: {faults:?}");
}

fn id() -> Uuid {
    Uuid::from_u128(0x0192_d9f0_0000_7000_8000_0000_0000_0001)
}

/// One of each kind; a new kind does not compile until it is here.
fn bodies() -> Vec<EntryBody> {
    let all = vec![
        EntryBody::message("hello".into()),
        EntryBody::Message {
            text: "away".into(),
            automatic: true,
            edited: true,
        },
        EntryBody::Edit {
            seq: 1,
            text: "b".into(),
        },
        EntryBody::Delete { seq: 1 },
        EntryBody::Conversation {
            status: ConversationStatus::Open,
            assignee: Some(Assignee {
                id: UserId(id()),
                name: "Sara".into(),
            }),
        },
        EntryBody::Conversation {
            status: ConversationStatus::Closed,
            assignee: None,
        },
        EntryBody::Status {
            status: OrderStatus::Shipped,
            previous: Some(OrderStatus::Packed),
            tracking: Some("X".into()),
            reason: Some("Y".into()),
        },
        EntryBody::Payment {
            status: PaymentStatus::Paid,
        },
        EntryBody::OrderPlaced {
            order_id: OrderId(id()),
            number: OrderNumber::from_random(1),
            total: Money::new(1, "SAR".parse().unwrap()),
            items: 1,
        },
        EntryBody::OrderStatus {
            order_id: OrderId(id()),
            number: OrderNumber::from_random(1),
            status: OrderStatus::Packed,
            previous: OrderStatus::Placed,
        },
        EntryBody::LowStock {
            variant_id: VariantId(id()),
            product_id: ProductId(id()),
            title: "Mug".into(),
            sku: String::new(),
            left: 0,
            threshold: 3,
        },
        EntryBody::ConversationOpened {
            user_id: UserId(id()),
            name: String::new(),
        },
        EntryBody::JobFailed {
            job_id: JobId(id()),
            kind: "SendReceiptV1".into(),
            error: "no such mailbox".into(),
        },
    ];
    for body in &all {
        match body {
            EntryBody::Message { .. }
            | EntryBody::Edit { .. }
            | EntryBody::Delete { .. }
            | EntryBody::Conversation { .. }
            | EntryBody::Status { .. }
            | EntryBody::Payment { .. }
            | EntryBody::OrderPlaced { .. }
            | EntryBody::OrderStatus { .. }
            | EntryBody::LowStock { .. }
            | EntryBody::ConversationOpened { .. }
            | EntryBody::JobFailed { .. } => {}
        }
    }
    all
}

fn entry(content: Content) -> StreamEntry {
    StreamEntry {
        seq: 1,
        id: EntryId(id()),
        author: Some(Author {
            id: UserId(id()),
            name: "Sara".into(),
            role: Role::Staff,
        }),
        at: Timestamp::UNIX_EPOCH,
        content,
    }
}

#[test]
fn entries_are_what_the_schema_says() {
    for body in bodies() {
        let kind = body.kind();
        let shown =
            payload::Entry::new(Some(StreamKey::Store), &entry(Content::Said(body.clone())));
        let shown = serde_json::to_value(shown).unwrap();
        assert_eq!(shown["type"], kind);
        assert_fits("entry.event", &shown);
        assert_fits(kind, &shown["data"]);
        let emptied = payload::Entry::new(None, &entry(Content::Said(body).emptied()));
        assert_fits("Entry", &serde_json::to_value(emptied).unwrap());
    }
    let nobody = StreamEntry {
        author: None,
        ..entry(Content::Said(EntryBody::Delete { seq: 1 }))
    };
    assert_fits(
        "Entry",
        &serde_json::to_value(payload::Entry::new(None, &nobody)).unwrap(),
    );
    assert!(
        !validator("message").is_valid(&json!({"txt": "x"})),
        "the schema refuses something"
    );
}

#[test]
fn answers_and_news_are_what_the_schema_says() {
    let value = |payload: &dyn erased::Payload| payload.value();
    let answers: [(&str, Value); 8] = [
        (
            "subscribe.ack",
            done(&payload::Subscribed {
                head: 1,
                entries: vec![payload::Entry::new(
                    None,
                    &entry(Content::Said(EntryBody::Delete { seq: 1 })),
                )],
                more: true,
            }),
        ),
        (
            "subscribe.ack",
            done(&payload::Reset {
                reset: true,
                head: 1,
            }),
        ),
        ("unsubscribe.ack", done(&Value::Null)),
        (
            "post.ack",
            done(&payload::Posted {
                seq: 1,
                at: Timestamp::UNIX_EPOCH,
            }),
        ),
        ("read.ack", done(&payload::Marked { seq: 1 })),
        (
            "watch.ack",
            done(&payload::Watching {
                stock: vec![payload::Stock {
                    variant_id: id(),
                    available: true,
                }],
            }),
        ),
        ("auth.ack", done(&payload::Renewed { expires_in: 600 })),
        (
            "Refusal",
            Failure::field("data.text", "must be 1 to 8000 characters").into_value(Locale::Ar),
        ),
    ];
    for (definition, answer) in &answers {
        assert_fits(definition, answer);
    }
    for code in Code::ALL {
        assert_fits("Refusal", &Failure::new(*code).into_value(Locale::Ar));
    }
    let news: [(&str, Value); 6] = [
        (
            "head.event",
            value(&payload::Head {
                stream: StreamKey::Store,
                seq: 1,
            }),
        ),
        (
            "read.event",
            value(&payload::ReadNews {
                stream: StreamKey::Store,
                user_id: id(),
                seq: 1,
            }),
        ),
        (
            "typing.event",
            value(&payload::TypingNews {
                stream: StreamKey::Store,
                user_id: id(),
                name: "Sara".into(),
            }),
        ),
        (
            "presence.event",
            value(&payload::Presence {
                user_id: id(),
                state: payload::PresenceState::Offline,
            }),
        ),
        (
            "stock.event",
            value(&payload::Stock {
                variant_id: id(),
                available: false,
            }),
        ),
        (
            "expiring.event",
            value(&payload::Expiring { in_seconds: 5 }),
        ),
    ];
    for (definition, payload) in &news {
        assert_fits(definition, payload);
    }
}

/// A payload of any type as JSON.
mod erased {
    use serde::Serialize;
    use serde_json::Value;

    pub(super) trait Payload {
        fn value(&self) -> Value;
    }

    impl<T: Serialize> Payload for T {
        fn value(&self) -> Value {
            serde_json::to_value(self).unwrap()
        }
    }
}

#[test]
fn what_the_schema_takes_is_taken() {
    let good: [(&str, Value); 8] = [
        ("subscribe.payload", json!({"stream": "store"})),
        ("subscribe.payload", json!({"stream": "store", "after": 0})),
        ("unsubscribe.payload", json!({"stream": "store"})),
        (
            "post.payload",
            json!({"stream": "store", "id": id(), "type": "message", "data": {"text": "a"}}),
        ),
        ("read.payload", json!({"stream": "store", "seq": 1})),
        ("typing.payload", json!({"stream": "store"})),
        ("watch.payload", json!({"productIds": [id()]})),
        ("auth.payload", json!({"token": "x"})),
    ];
    for (definition, value) in good {
        assert_fits(definition, &value);
        assert!(is_taken(definition, value.clone()), "{definition} {value}");
        // What is more than that is refused by both.
        let mut more = value;
        more["more"] = json!(1);
        assert!(
            !validator(definition).is_valid(&more),
            "{definition} {more}"
        );
        assert!(!is_taken(definition, more), "{definition}");
    }
}

fn is_taken(definition: &str, value: Value) -> bool {
    fn reads<T: serde::de::DeserializeOwned>(value: Value) -> bool {
        serde_json::from_value::<T>(value).is_ok()
    }
    match definition {
        "subscribe.payload" => reads::<payload::Subscribe>(value),
        "unsubscribe.payload" => reads::<payload::Unsubscribe>(value),
        "post.payload" => reads::<payload::Post>(value),
        "read.payload" => reads::<payload::Read>(value),
        "typing.payload" => reads::<payload::Typing>(value),
        "watch.payload" => reads::<payload::Watch>(value),
        "auth.payload" => reads::<payload::Auth>(value),
        other => panic!("{other} is read by nobody"),
    }
}

#[test]
fn the_documents_name_the_same_events() {
    let asyncapi: Value = serde_json::from_str(ASYNCAPI).unwrap();
    let schema = schema();
    let mut referred = BTreeSet::new();
    for message in asyncapi["components"]["messages"]
        .as_object()
        .unwrap()
        .values()
    {
        let reference = message["payload"]["$ref"].as_str().unwrap();
        let definition = reference
            .strip_prefix("./events.schema.json#/$defs/")
            .unwrap();
        assert!(
            !schema["$defs"][definition].is_null(),
            "{definition} is not in the schema"
        );
        referred.insert(definition.to_owned());
    }
    let defined: BTreeSet<String> = schema["$defs"]
        .as_object()
        .unwrap()
        .keys()
        .filter(|name| name.contains('.') || *name == "Refusal")
        .cloned()
        .collect();
    assert_eq!(referred, defined);
    for event in crate::gate::EVENTS {
        assert!(defined.contains(&format!("{event}.payload")), "{event}");
    }
    let payloads = defined
        .iter()
        .filter(|name| name.ends_with(".payload"))
        .count();
    assert_eq!(payloads, crate::gate::EVENTS.len());
}
