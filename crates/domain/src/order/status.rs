//! How far an order and its payment are, and where they may go from there.

use serde::{Deserialize, Serialize};

use super::OrderError;

/// How far an order is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OrderStatus {
    /// Bought; stock is taken.
    Placed,
    /// Ready to go.
    Packed,
    /// On its way.
    Shipped,
    /// With the buyer.
    Delivered,
    /// Called off before it went; stock is back.
    Cancelled,
    /// Came back after it went; stock is back.
    Returned,
}

impl OrderStatus {
    /// All of them, in the order in which an order meets them.
    pub const ALL: [Self; 6] = [
        Self::Placed,
        Self::Packed,
        Self::Shipped,
        Self::Delivered,
        Self::Cancelled,
        Self::Returned,
    ];

    /// The name used in contracts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Placed => "placed",
            Self::Packed => "packed",
            Self::Shipped => "shipped",
            Self::Delivered => "delivered",
            Self::Cancelled => "cancelled",
            Self::Returned => "returned",
        }
    }

    /// Checks a step. Every status is reached at most once, so that stock goes back at most once.
    pub fn step_to(self, to: Self) -> Result<(), OrderError> {
        use OrderStatus::{Cancelled, Delivered, Packed, Placed, Returned, Shipped};
        match (self, to) {
            (Placed, Packed | Shipped | Cancelled)
            | (Packed, Shipped | Cancelled)
            | (Shipped, Delivered | Returned)
            | (Delivered, Returned) => Ok(()),
            (from, to) => Err(OrderError::InvalidTransition {
                from: from.as_str(),
                to: to.as_str(),
            }),
        }
    }

    /// Whether reaching this status gives the stock back.
    #[must_use]
    pub fn gives_stock_back(self) -> bool {
        matches!(self, Self::Cancelled | Self::Returned)
    }
}

impl std::fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How an order is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PaymentMethod {
    /// Cash on delivery.
    Cod,
    /// Bank transfer.
    Transfer,
}

/// Whether an order is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PaymentStatus {
    /// Not yet.
    Unpaid,
    /// Yes.
    Paid,
    /// It was, and went back.
    Refunded,
}

impl PaymentStatus {
    /// The name used in contracts.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unpaid => "unpaid",
            Self::Paid => "paid",
            Self::Refunded => "refunded",
        }
    }

    /// Checks a step.
    pub fn step_to(self, to: Self) -> Result<(), OrderError> {
        match (self, to) {
            (Self::Unpaid, Self::Paid) | (Self::Paid, Self::Refunded) => Ok(()),
            (from, to) => Err(OrderError::InvalidTransition {
                from: from.as_str(),
                to: to.as_str(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_gives_stock_back_twice_or_goes_round() {
        for from in OrderStatus::ALL {
            assert!(from.step_to(from).is_err());
            assert!(from.step_to(OrderStatus::Placed).is_err());
            if from.gives_stock_back() {
                assert!(
                    OrderStatus::ALL
                        .into_iter()
                        .all(|to| from.step_to(to).is_err())
                );
            }
        }
        assert!(OrderStatus::Placed.step_to(OrderStatus::Delivered).is_err());
        assert!(
            OrderStatus::Shipped
                .step_to(OrderStatus::Cancelled)
                .is_err()
        );
        assert!(
            PaymentStatus::Refunded
                .step_to(PaymentStatus::Paid)
                .is_err()
        );
    }
}
