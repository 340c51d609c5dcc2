//! Limits that are options, so that a shop may tighten them and a test may loosen them.

use std::str::FromStr;
use std::time::Duration;

use clap::Args;
use souk_app::accounts::LoginQuotas;
use souk_app::ports::Quota;

/// So many in so much time: `10/15m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// How many at once, 1 or more.
    pub burst: u32,
    /// Time in which they all come back.
    pub period: Duration,
}

/// The text is not a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be COUNT/TIME such as 10/15m (s, m or h), with a count of 1 or more")]
pub struct BadRate;

impl FromStr for Rate {
    type Err = BadRate;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (count, time) = text.split_once('/').ok_or(BadRate)?;
        let unit = match time.bytes().last() {
            Some(b's') => 1,
            Some(b'm') => 60,
            Some(b'h') => 3_600,
            _ => return Err(BadRate),
        };
        let burst = count.parse().map_err(|_| BadRate)?;
        let number: u32 = time[..time.len() - 1].parse().map_err(|_| BadRate)?;
        if burst == 0 || number == 0 {
            return Err(BadRate);
        }
        Ok(Self {
            burst,
            period: Duration::from_secs(u64::from(number) * unit),
        })
    }
}

/// Limits.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Limits")]
pub struct LimitOptions {
    /// Whether tries are counted: `off` is for tests and benches, and refused off loopback.
    #[arg(long, env = "SOUK_RATE_LIMITS", value_name = "on|off", default_value = "on", value_parser = on_off, action = clap::ArgAction::Set)]
    pub rate_limits: bool,
    /// Sign-ins from one address.
    #[arg(
        long,
        env = "SOUK_SIGN_IN_BY_ADDRESS",
        value_name = "RATE",
        default_value = "30/5m"
    )]
    pub sign_in_by_address: Rate,
    /// Sign-ins to one account, from wherever.
    #[arg(
        long,
        env = "SOUK_SIGN_IN_BY_ACCOUNT",
        value_name = "RATE",
        default_value = "10/15m"
    )]
    pub sign_in_by_account: Rate,
    /// New accounts and guests from one address.
    #[arg(
        long,
        env = "SOUK_SIGN_UP_BY_ADDRESS",
        value_name = "RATE",
        default_value = "20/10m"
    )]
    pub sign_up_by_address: Rate,
    /// Orders of one account, guests included.
    #[arg(
        long,
        env = "SOUK_ORDERS_BY_ACCOUNT",
        value_name = "RATE",
        default_value = "120/10m"
    )]
    pub orders_by_account: Rate,
    /// Messages, edits and deletions of one account.
    #[arg(
        long,
        env = "SOUK_POSTS_BY_ACCOUNT",
        value_name = "RATE",
        default_value = "120/1m"
    )]
    pub posts_by_account: Rate,
    /// Mails asked for one account.
    #[arg(
        long,
        env = "SOUK_MAIL_BY_ACCOUNT",
        value_name = "RATE",
        default_value = "3/15m"
    )]
    pub mail_by_account: Rate,
    /// Tokens and codes tried from one address.
    #[arg(
        long,
        env = "SOUK_RECOVERY_BY_ADDRESS",
        value_name = "RATE",
        default_value = "20/10m"
    )]
    pub recovery_by_address: Rate,
    /// Most bytes of a request's body.
    #[arg(long, env = "SOUK_BODY_LIMIT", value_name = "BYTES", default_value_t = 1 << 20)]
    pub body_limit: usize,
    /// Most bytes of a catalogue that is imported.
    #[arg(long, env = "SOUK_IMPORT_LIMIT", value_name = "BYTES", default_value_t = 256 << 20)]
    pub import_limit: usize,
    /// Most connections at once; more wait.
    #[arg(
        long,
        env = "SOUK_CONNECTIONS",
        value_name = "COUNT",
        default_value_t = 10_000
    )]
    pub connections: usize,
    /// Most orders that wait to be committed; more are answered 503.
    #[arg(
        long,
        env = "SOUK_ORDER_QUEUE",
        value_name = "COUNT",
        default_value_t = 10_000
    )]
    pub order_queue: usize,
    /// Most orders that are committed together, 1 to 64.
    #[arg(long, env = "SOUK_ORDER_BATCH", value_name = "COUNT", default_value_t = 64, value_parser = clap::value_parser!(u8).range(1..=64))]
    pub order_batch: u8,
    /// Most seconds that an order waits to be committed.
    #[arg(
        long,
        env = "SOUK_ORDER_DEADLINE",
        value_name = "SECONDS",
        default_value_t = 10
    )]
    pub order_deadline: u64,
}

fn on_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("must be on or off".to_owned()),
    }
}

impl LimitOptions {
    /// The limits on what a stranger may try.
    #[must_use]
    pub fn quotas(&self) -> LoginQuotas {
        let quota = |name, rate: Rate| Quota {
            name,
            burst: rate.burst,
            period: rate.period,
        };
        LoginQuotas {
            sign_in_by_address: quota("sign_in_by_address", self.sign_in_by_address),
            sign_in_by_account: quota("sign_in_by_account", self.sign_in_by_account),
            sign_up_by_address: quota("sign_up_by_address", self.sign_up_by_address),
            orders_by_account: quota("orders_by_account", self.orders_by_account),
            posts_by_account: quota("posts_by_account", self.posts_by_account),
            mail_by_account: quota("mail_by_account", self.mail_by_account),
            recovery_by_address: quota("recovery_by_address", self.recovery_by_address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates() {
        assert_eq!(
            "10/15m".parse(),
            Ok(Rate {
                burst: 10,
                period: Duration::from_mins(15)
            })
        );
        assert_eq!(
            "1/1s".parse(),
            Ok(Rate {
                burst: 1,
                period: Duration::from_secs(1)
            })
        );
        for wrong in ["", "10", "0/1s", "1/0s", "x/1s", "1/1d", "1/m", "-1/1s"] {
            assert_eq!(wrong.parse::<Rate>(), Err(BadRate), "{wrong}");
        }
    }
}
