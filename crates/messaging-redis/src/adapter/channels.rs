//! Names of the channels that Socket.IO servers talk on. A prefix that all of them share comes first, and every name ends
//! with `#`.

/// What is said on a channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Broadcast,
    Request,
    Response,
}

/// The names of one prefix.
#[derive(Debug, Clone)]
pub(super) struct Channels(String);

impl Channels {
    pub(super) fn new(prefix: String) -> Self {
        Self(prefix)
    }

    /// Where events go: to one room, or to everybody and to several rooms.
    pub(super) fn broadcast(&self, namespace: &str, room: Option<&str>) -> String {
        let base = format!("{}#{namespace}#", self.0);
        room.map_or_else(|| base.clone(), |room| format!("{base}{room}#"))
    }

    pub(super) fn request(&self, namespace: &str) -> String {
        format!("{}-request#{namespace}#", self.0)
    }

    /// Where answers go: to one server, or to all of which one asked.
    pub(super) fn response(&self, namespace: &str, to: Option<&str>) -> String {
        let base = format!("{}-response#{namespace}#", self.0);
        to.map_or_else(|| base.clone(), |uid| format!("{base}{uid}#"))
    }

    /// What is said on a channel, and in which namespace.
    pub(super) fn split<'a>(&self, channel: &'a str) -> Option<(Kind, &'a str)> {
        let rest = channel.strip_prefix(&self.0)?;
        let (kind, rest) = rest.split_once('#')?;
        let kind = match kind {
            "" => Kind::Broadcast,
            "-request" => Kind::Request,
            "-response" => Kind::Response,
            _ => return None,
        };
        let (namespace, _) = rest.split_once('#')?;
        Some((kind, namespace))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_named_is_recognised() {
        let channels = Channels::new("socket.io".into());
        for (channel, name, kind, namespace) in [
            (
                channels.broadcast("/", None),
                "socket.io#/#",
                Kind::Broadcast,
                "/",
            ),
            (
                channels.broadcast("/a", Some("order:1#2")),
                "socket.io#/a#order:1#2#",
                Kind::Broadcast,
                "/a",
            ),
            (
                channels.request("/"),
                "socket.io-request#/#",
                Kind::Request,
                "/",
            ),
            (
                channels.response("/", None),
                "socket.io-response#/#",
                Kind::Response,
                "/",
            ),
            (
                channels.response("/a", Some("uid")),
                "socket.io-response#/a#uid#",
                Kind::Response,
                "/a",
            ),
        ] {
            assert_eq!(channel, name);
            assert_eq!(channels.split(&channel), Some((kind, namespace)));
        }
        for other in [
            "",
            "socket.io",
            "socket.io#/",
            "socket.io-else#/#",
            "other#/#",
            "socket.iox#/#",
        ] {
            assert_eq!(channels.split(other), None, "{other}");
        }
    }
}
