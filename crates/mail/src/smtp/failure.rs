//! What an error of the mail server means: for this mail alone, or for the provider.

use std::fmt;

use lettre::transport::smtp::Error;
use souk_app::ports::{Cause, MailError};

/// Codes that say nothing of this mail: the service closes (421), or does not let us in (454, 530, 534, 535, 538).
const OF_THE_PROVIDER: [&str; 6] = ["421", "454", "530", "534", "535", "538"];

/// An error's text, with the people in it left out: servers repeat addresses in their answers.
#[derive(Debug)]
struct Said(String);

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Said {}

/// While connecting, greeting, encrypting, signing in: whatever went wrong, it was not a mail's fault.
pub(super) fn unreachable(error: impl fmt::Display) -> MailError {
    MailError::Unavailable(said(&error))
}

/// The server took too long.
pub(super) fn silent(elapsed: tokio::time::error::Elapsed) -> MailError {
    MailError::Unavailable(elapsed.into())
}

/// While sending a mail.
pub(super) fn answered(error: &Error) -> MailError {
    let code = error.status().map(|code| code.to_string());
    let of_the_provider = code.is_none_or(|code| OF_THE_PROVIDER.contains(&code.as_str()));
    let cause = said(error);
    if of_the_provider {
        MailError::Unavailable(cause)
    } else if error.is_permanent() {
        MailError::Refused(cause)
    } else {
        MailError::Later(cause)
    }
}

fn said(error: &impl fmt::Display) -> Cause {
    Said(without_addresses(&error.to_string())).into()
}

/// Puts `…@domain` for every address.
fn without_addresses(text: &str) -> String {
    let word = |word: &str| {
        word.rsplit_once('@')
            .map_or_else(|| word.to_owned(), |(_, domain)| format!("…@{domain}"))
    };
    text.split_whitespace()
        .map(word)
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_lose_their_addresses() {
        let said = "permanent error (550): 5.1.1 <sara.ali@example.com>: no such\r\nuser (sara@example.com)";
        let kept = "permanent error (550): 5.1.1 …@example.com>: no such user …@example.com)";
        assert_eq!(without_addresses(said), kept);
    }
}
