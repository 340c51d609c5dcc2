//! Frames as they were recorded from the npm packages `@socket.io/redis-adapter` 8.3.0 and `@socket.io/redis-emitter`
//! 5.1.0, and what must not be taken.

use bytes::Bytes;
use serde_json::json;
use souk_socketio::adapter::Flags;
use souk_socketio::packet::{RESERVED, placeholder};

use super::*;

fn hex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

fn rooms(names: &[&str]) -> Vec<String> {
    names.iter().map(ToString::to_string).collect()
}

#[test]
fn broadcasts_of_the_emitter_are_read() {
    let all = "93a7656d697474657283a47479706502a46461746198a2686901ffcb3ff8000000000000c0c381a161920102a2c3a9a36e7370a12f83a5726f6f6d7390a5666c61677380a665786365707490";
    let read = Broadcast::read(&hex(all)).unwrap();
    assert_eq!(
        (read.from.as_str(), read.namespace.as_str()),
        ("emitter", "/")
    );
    assert_eq!(
        read.event.json(),
        r#"["hi",1,-1,1.5,null,true,{"a":[1,2]},"é"]"#
    );
    assert_eq!(read.target, Target::default());

    let binary = "93a7656d697474657283a47479706502a46461746193a26869c403010203d7ff1d5353006553f100a36e7370a12f83a5726f6f6d7391a56c6f626279a5666c61677381a8766f6c6174696c65c3a665786365707492a178a179";
    let read = Broadcast::read(&hex(binary)).unwrap();
    assert_eq!(
        read.event.text().as_ref(),
        br#"451-["hi",{"_placeholder":true,"num":0},"2023-11-14T22:13:20.123Z"]"#
    );
    assert_eq!(read.event.attachments(), [Bytes::from_static(&[1, 2, 3])]);
    assert_eq!(read.target.rooms, rooms(&["lobby"]));
    assert_eq!(read.target.except, rooms(&["x", "y"]));
    assert!(read.target.flags.volatile);

    let compressed = "93a7656d697474657283a47479706502a46461746191a26869a36e7370a12f83a5726f6f6d7392a56c6f626279a17aa5666c61677381a8636f6d7072657373c2a665786365707490";
    let read = Broadcast::read(&hex(compressed)).unwrap();
    assert_eq!(read.target.rooms, rooms(&["lobby", "z"]));
    assert!(!read.target.flags.volatile);

    let elsewhere = "93a7656d697474657283a47479706502a46461746191a178a36e7370a42f61646d83a5726f6f6d7390a5666c61677380a665786365707490";
    let read = Broadcast::read(&hex(elsewhere)).unwrap();
    assert_eq!(
        (read.namespace.as_str(), read.event.text().as_ref()),
        ("/adm", &br#"42/adm,["x"]"#[..])
    );
}

#[test]
fn a_broadcast_is_written_as_the_npm_adapter_writes_it() {
    let event = Encoded::binary_event(
        "/",
        "hi",
        &[json!({"x": placeholder(0)})],
        vec![Bytes::from_static(b"ab")],
    );
    let target = Target {
        rooms: rooms(&["lobby"]),
        ..Target::default()
    };
    let written = Broadcast::write("CjrOO4", "/", &event, &target).unwrap();
    let recorded = "93a6436a724f4f3483a47479706502a46461746192a2686981a178c4026162a36e7370a12f83a5726f6f6d7391a56c6f626279a665786365707490a5666c61677380";
    // The same tree: only the order of an object's fields may differ.
    assert_eq!(msgpack::read(&written), msgpack::read(&hex(recorded)));
    assert!(Broadcast::is_from(&written, "CjrOO4") && Broadcast::is_from(&hex(recorded), "CjrOO4"));
    assert!(!Broadcast::is_from(&written, "CjrOO") && !Broadcast::is_from(b"\x93", "CjrOO4"));
    let bins = written.windows(4).filter(|bytes| bytes == b"\xc4\x02ab");
    assert_eq!(bins.count(), 1);
}

#[test]
fn requests_of_both_packages_are_read() {
    let read = |text: &str| Request::read(text.as_bytes()).unwrap().unwrap();
    let join = read(r#"{"type":2,"opts":{"rooms":["lobby"],"except":["x"]},"rooms":["k",7]}"#);
    assert_eq!((join.from, join.id), (None, None));
    let Asked::Join(target, names) = join.what else {
        panic!()
    };
    assert_eq!(
        (target.rooms, target.except, names),
        (rooms(&["lobby"]), rooms(&["x"]), rooms(&["k", "7"]))
    );

    let leave =
        read(r#"{"uid":"CjrOO4","type":3,"opts":{"rooms":["n"],"except":[]},"rooms":["n"]}"#);
    assert!(matches!(leave.what, Asked::Leave(..)));
    let close =
        read(r#"{"uid":"CjrOO4","type":4,"opts":{"rooms":["lobby"],"except":[]},"close":true}"#);
    assert!(matches!(close.what, Asked::Disconnect(_, true)));
    let fetch = read(
        r#"{"uid":"CjrOO4","requestId":"uGKAO7","type":5,"opts":{"rooms":["lobby"],"except":[]}}"#,
    );
    assert_eq!(
        (fetch.from.as_deref(), fetch.id.as_deref()),
        (Some("CjrOO4"), Some("uGKAO7"))
    );
    assert!(matches!(fetch.what, Asked::Fetch(_)));
    let all = read(r#"{"uid":"CjrOO4","requestId":"kRnOlz","type":1}"#);
    assert!(matches!(all.what, Asked::AllRooms));
    let said = read(r#"{"uid":"CjrOO4","requestId":"T1wThR","type":6,"data":["srv",{"v":1}]}"#);
    let Asked::ServerEvent(data) = said.what else {
        panic!()
    };
    assert_eq!(data, [json!("srv"), json!({"v": 1})]);

    let ask = "85a3756964a6436a724f4f34a9726571756573744964a632386e377a49a47479706507a67061636b657483a47479706502a46461746192a171a13fa36e7370a12fa46f70747383a5726f6f6d7390a665786365707490a5666c61677381a774696d656f7574cd03e8";
    let ask = Request::read(&hex(ask)).unwrap().unwrap();
    assert_eq!(ask.id.as_deref(), Some("28n7zI"));
    let Asked::Ask(event, target, timeout) = ask.what else {
        panic!()
    };
    assert_eq!(
        (event.json(), target, timeout),
        (
            r#"["q","?"]"#,
            Target::default(),
            Some(Duration::from_secs(1))
        )
    );
    assert!(Request::read(br#"{"type":99}"#).unwrap().is_none());
}

#[test]
fn requests_are_read_as_they_are_written() {
    let target = Target {
        rooms: rooms(&["a"]),
        except: rooms(&["b"]),
        flags: Flags {
            volatile: true,
            local: false,
        },
    };
    let event = Encoded::from_data(
        "/",
        &[json!("q"), placeholder(0)],
        vec![Bytes::from_static(b"z")],
    );
    let ask = Request::write_ask(
        "me",
        "id",
        "/",
        &event,
        &target,
        Duration::from_millis(1500),
    )
    .unwrap();
    let ask = Request::read(&ask).unwrap().unwrap();
    let Asked::Ask(read, aimed, timeout) = ask.what else {
        panic!()
    };
    assert_eq!(
        (read.text(), read.attachments()),
        (event.text(), event.attachments())
    );
    assert_eq!(
        (aimed, timeout),
        (target.clone(), Some(Duration::from_millis(1500)))
    );
    let fetch = Request::write(kind::FETCH, "me", Some("id"), Some(&target), Value::Null);
    assert_eq!(
        serde_json::from_slice::<Value>(&fetch).unwrap(),
        json!({"uid": "me", "requestId": "id", "type": 5, "opts": {"rooms": ["a"], "except": ["b"]}})
    );
}

#[test]
fn answers_are_read_as_recorded_and_as_written() {
    let read = |bytes: &[u8]| Response::read(bytes).unwrap().unwrap();
    let ack = read(&hex(
        "83a47479706509a9726571756573744964a632386e377a49a67061636b6574a3796573",
    ));
    let yes = Told::Ack(Answer {
        args: vec![json!("yes")],
        attachments: vec![],
    });
    assert_eq!((ack.id.as_str(), ack.what), ("28n7zI", yes));
    let count = read(br#"{"type":8,"requestId":"28n7zI","clientCount":1}"#);
    assert_eq!(count.what, Told::Count(1));
    let said = read(br#"{"type":6,"requestId":"T1wThR","data":{"pong":1}}"#);
    assert_eq!(said.what, Told::Said(json!({"pong": 1})));
    let silent = read(br#"{"type":6,"requestId":"T1wThR"}"#);
    assert_eq!(silent.what, Told::Said(Value::Null));
    let names = read(br#"{"requestId":"kRnOlz","rooms":["Pvt8gF7tHlZLLhzIAAAB","lobby"]}"#);
    assert_eq!(
        names.what,
        Told::Rooms(rooms(&["Pvt8gF7tHlZLLhzIAAAB", "lobby"]))
    );
    assert!(Response::read(br#"{"requestId":"x"}"#).unwrap().is_none());

    for what in [
        Told::Count(3),
        Told::Said(json!([1])),
        Told::Rooms(rooms(&["r"])),
        Told::Ack(Answer {
            args: vec![placeholder(0)],
            attachments: vec![Bytes::from_static(b"z")],
        }),
        Told::Ack(Answer {
            args: vec![],
            attachments: vec![],
        }),
        Told::Sockets(vec![]),
        Told::Sockets(vec![RemoteSocket {
            id: "s".into(),
            handshake: json!({"address": "::1"}),
            rooms: rooms(&["s", "r"]),
            data: json!({}),
        }]),
    ] {
        assert_eq!(read(&Response::write("id", &what).unwrap()).what, what);
    }
}

#[test]
fn ids_alone_are_told_as_the_npm_adapter_tells_them() {
    let written = Response::write("id", &Told::Ids(rooms(&["a", "b"]))).unwrap();
    assert_eq!(
        serde_json::from_slice::<Value>(&written).unwrap(),
        json!({"requestId": "id", "sockets": ["a", "b"]})
    );
}

#[test]
fn what_clients_would_choke_on_is_refused() {
    let refused = |data: Value| {
        let tree = json!(["x", {"type": 2, "data": data, "nsp": "/"}, {"rooms": []}]);
        Broadcast::read(&msgpack::write(&tree, &[]).unwrap()).unwrap_err()
    };
    assert_eq!(refused(json!([])), Garbled::Event);
    assert_eq!(refused(json!([{}])), Garbled::Event);
    for name in RESERVED {
        assert_eq!(refused(json!([name])), Garbled::Event);
    }
    assert_eq!(refused(json!("text")), Garbled::Shape);
    let tree =
        |packet: Value, opts: Value| msgpack::write(&json!(["x", packet, opts]), &[]).unwrap();
    let packet = json!({"type": 2, "data": ["e"], "nsp": "/"});
    for (bytes, why) in [
        (
            tree(json!({"type": 1, "data": ["e"]}), json!({})),
            Garbled::Shape,
        ),
        (tree(packet.clone(), json!({"rooms": [[]]})), Garbled::Shape),
        (
            tree(packet.clone(), json!({"rooms": vec!["r"; 1_025]})),
            Garbled::TooMuch,
        ),
        (
            tree(packet.clone(), json!({"except": ["r".repeat(257)]})),
            Garbled::TooMuch,
        ),
        (
            msgpack::write(&json!({"a": 1}), &[]).unwrap(),
            Garbled::Shape,
        ),
        (b"{not json".to_vec(), Garbled::Shape),
    ] {
        assert_eq!(Broadcast::read(&bytes).unwrap_err(), why);
    }
    for text in [
        "{",
        "{}",
        r#"{"type":2,"rooms":["a"]}"#,
        r#"{"type":5}"#,
        r#"{"type":6}"#,
        r#"{"type":7,"opts":{}}"#,
        r#"{"type":"x"}"#,
    ] {
        assert!(Request::read(text.as_bytes()).is_err(), "{text}");
    }
    let long = json!({"type": 1, "requestId": "r".repeat(257)}).to_string();
    assert_eq!(
        Request::read(long.as_bytes()).unwrap_err(),
        Garbled::TooMuch
    );
}
