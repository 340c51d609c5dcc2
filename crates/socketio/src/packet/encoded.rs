//! Packets as they are sent.

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;

/// A packet written once, to be sent to any number of sockets of one namespace: each only takes a reference.
#[derive(Debug, Clone)]
pub struct Encoded {
    /// With the `4` of an Engine.IO message in front.
    text: Bytes,
    /// Where the JSON begins in `text`.
    json: usize,
    attachments: Vec<Bytes>,
}

impl Encoded {
    /// An event to sockets of `namespace`.
    ///
    /// # Errors
    /// When an argument cannot be written as JSON (a map whose keys are no strings, say). A [`Value`] always can.
    pub fn event<T: Serialize>(
        namespace: &str,
        name: &str,
        args: &[T],
    ) -> Result<Self, serde_json::Error> {
        Self::write(namespace, Some(name), None, args, Vec::new())
    }

    /// An event with attachments, which `args` mention by [`placeholder`](super::placeholder)s.
    pub fn binary_event(
        namespace: &str,
        name: &str,
        args: &[Value],
        attachments: Vec<Bytes>,
    ) -> Self {
        Self::infallible(Self::write(namespace, Some(name), None, args, attachments))
    }

    /// An event from its data as the wire has it: `[name, ...arguments]`.
    pub fn from_data(namespace: &str, data: &[Value], attachments: Vec<Bytes>) -> Self {
        Self::infallible(Self::write(namespace, None, None, data, attachments))
    }

    /// The same event, asking for an answer under `id`.
    #[must_use]
    pub fn with_ack_id(&self, id: u64) -> Self {
        let mut text = Vec::with_capacity(self.text.len() + 20);
        text.extend_from_slice(&self.text[..self.json]);
        text.extend_from_slice(id.to_string().as_bytes());
        let json = text.len();
        text.extend_from_slice(&self.text[self.json..]);
        Self {
            text: text.into(),
            json,
            attachments: self.attachments.clone(),
        }
    }

    pub(crate) fn value_event(namespace: &str, name: &str, args: &[Value]) -> Self {
        Self::infallible(Self::event(namespace, name, args))
    }

    pub(crate) fn ack(namespace: &str, id: u64, args: &[Value], attachments: Vec<Bytes>) -> Self {
        Self::infallible(Self::write(namespace, None, Some(id), args, attachments))
    }

    pub(crate) fn connect(namespace: &str, sid: &str) -> Self {
        Self::control(b'0', namespace, Some(&serde_json::json!({"sid": sid})))
    }

    pub(crate) fn connect_error(namespace: &str, payload: &Value) -> Self {
        Self::control(b'4', namespace, Some(payload))
    }

    pub(crate) fn disconnect(namespace: &str) -> Self {
        Self::control(b'1', namespace, None)
    }

    fn control(kind: u8, namespace: &str, payload: Option<&Value>) -> Self {
        let mut text = vec![b'4', kind];
        write_namespace(&mut text, namespace);
        let json = text.len();
        if let Some(payload) = payload {
            text.extend_from_slice(payload.to_string().as_bytes());
        }
        Self {
            text: text.into(),
            json,
            attachments: Vec::new(),
        }
    }

    /// Values are always JSON: only what is not a tree of them can fail.
    fn infallible(written: Result<Self, serde_json::Error>) -> Self {
        written.unwrap_or_else(|_| Self {
            text: Bytes::new(),
            json: 0,
            attachments: Vec::new(),
        })
    }

    fn write<T: Serialize>(
        namespace: &str,
        name: Option<&str>,
        answers: Option<u64>,
        args: &[T],
        attachments: Vec<Bytes>,
    ) -> Result<Self, serde_json::Error> {
        let mut text = Vec::with_capacity(128);
        text.push(b'4');
        text.push(match (answers.is_some(), attachments.is_empty()) {
            (false, true) => b'2',
            (true, true) => b'3',
            (false, false) => b'5',
            (true, false) => b'6',
        });
        if !attachments.is_empty() {
            text.extend_from_slice(attachments.len().to_string().as_bytes());
            text.push(b'-');
        }
        write_namespace(&mut text, namespace);
        if let Some(id) = answers {
            text.extend_from_slice(id.to_string().as_bytes());
        }
        let json = text.len();
        text.push(b'[');
        if let Some(name) = name {
            serde_json::to_writer(&mut text, name)?;
        }
        for (index, arg) in args.iter().enumerate() {
            if index > 0 || name.is_some() {
                text.push(b',');
            }
            serde_json::to_writer(&mut text, arg)?;
        }
        text.push(b']');
        Ok(Self {
            text: text.into(),
            json,
            attachments,
        })
    }

    /// The event's data as JSON: `["name", ...]`. For adapters that carry it to other processes.
    pub fn json(&self) -> &str {
        std::str::from_utf8(&self.text[self.json..]).unwrap_or_default()
    }

    /// The attachments, in the order of their placeholders.
    pub fn attachments(&self) -> &[Bytes] {
        &self.attachments
    }

    /// The whole text message as Engine.IO sends it, with the leading `4`.
    pub fn text(&self) -> &Bytes {
        &self.text
    }

    /// Bytes that this packet is counted as in a connection's buffer.
    pub fn size(&self) -> usize {
        self.text.len() + self.attachments.iter().map(Bytes::len).sum::<usize>()
    }
}

fn write_namespace(text: &mut Vec<u8>, namespace: &str) {
    if namespace != "/" {
        text.extend_from_slice(namespace.as_bytes());
        text.push(b',');
    }
}
