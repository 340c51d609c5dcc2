//! How often somebody may try.

use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

use super::AccountError;
use crate::App;
use crate::ports::Quota;

/// Limits on what a stranger may try.
#[derive(Debug, Clone, Copy)]
pub struct LoginQuotas {
    /// Sign-ins from one address.
    pub sign_in_by_address: Quota,
    /// Sign-ins to one account, from wherever.
    pub sign_in_by_account: Quota,
    /// New accounts and guests from one address.
    pub sign_up_by_address: Quota,
    /// Orders of one account, guests included.
    pub orders_by_account: Quota,
    /// Messages, edits and deletions of one account.
    pub posts_by_account: Quota,
    /// Mails asked for one account.
    pub mail_by_account: Quota,
    /// Mails asked for from one address, and tokens and codes tried from it.
    pub recovery_by_address: Quota,
}

impl Default for LoginQuotas {
    fn default() -> Self {
        let quota = |name, burst, minutes| Quota {
            name,
            burst,
            period: Duration::from_mins(minutes),
        };
        Self {
            sign_in_by_address: quota("sign_in_by_address", 30, 5),
            sign_in_by_account: quota("sign_in_by_account", 10, 15),
            sign_up_by_address: quota("sign_up_by_address", 20, 10),
            orders_by_account: quota("orders_by_account", 120, 10),
            posts_by_account: quota("posts_by_account", 120, 1),
            mail_by_account: quota("mail_by_account", 3, 15),
            recovery_by_address: quota("recovery_by_address", 20, 10),
        }
    }
}

/// Takes a try of an address.
pub(super) async fn take_from(app: &App, quota: Quota, address: &str) -> Result<(), AccountError> {
    take(app, quota, &network(address)).await
}

/// What an address is counted as. Whoever has one address of IPv6 has a whole /64 of them: the network counts. An
/// address of IPv4 is itself, in whichever form it is written.
fn network(address: &str) -> String {
    match address
        .parse::<IpAddr>()
        .map(|address| address.to_canonical())
    {
        Ok(IpAddr::V6(address)) => {
            Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).to_string()
        }
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => address.to_owned(),
    }
}

pub(super) async fn take(app: &App, quota: Quota, key: &str) -> Result<(), AccountError> {
    app.limits
        .take(quota, key)
        .await
        .map_err(AccountError::TooMany)
}

#[cfg(test)]
mod tests {
    use super::network;

    #[test]
    fn a_network_of_ipv6_counts_as_one_and_an_address_of_ipv4_as_itself() {
        let one = network("2001:db8:1:2::1");
        assert_eq!(one, network("2001:db8:1:2:ffff:ffff:ffff:ffff"));
        assert_ne!(one, network("2001:db8:1:3::1"));
        assert_ne!(one, network("2001:db8:2:2::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("::ffff:192.0.2.1"), network("::ffff:192.0.2.2"));
        assert_ne!(network("::ffff:192.0.2.1"), network("::1"));
        assert_eq!(network("nonsense"), "nonsense");
    }
}
