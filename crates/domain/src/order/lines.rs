//! Lines as a buyer asks for them.

use super::OrderError;
use crate::VariantId;

/// Most different variants of one order.
pub const MAX_LINES: usize = 100;

/// Most units of one variant in one order.
pub const MAX_QUANTITY: u32 = 10_000;

/// How many of what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestedLine {
    /// What.
    pub variant: VariantId,
    /// How many.
    pub quantity: u32,
}

/// Adds equal variants up, in the order in which they first appear, and checks the limits.
pub fn merge_lines(
    requested: impl IntoIterator<Item = (VariantId, i64)>,
) -> Result<Vec<RequestedLine>, OrderError> {
    let mut merged: Vec<RequestedLine> = Vec::new();
    for (line, (variant, quantity)) in requested.into_iter().enumerate() {
        let quantity = u32::try_from(quantity)
            .ok()
            .filter(|quantity| (1..=MAX_QUANTITY).contains(quantity))
            .ok_or(OrderError::Quantity { line })?;
        match merged.iter_mut().find(|known| known.variant == variant) {
            Some(known) => known.quantity += quantity,
            None => merged.push(RequestedLine { variant, quantity }),
        }
        if merged.iter().any(|known| known.quantity > MAX_QUANTITY) {
            return Err(OrderError::Quantity { line });
        }
        if merged.len() > MAX_LINES {
            return Err(OrderError::TooManyLines);
        }
    }
    if merged.is_empty() {
        return Err(OrderError::NoLines);
    }
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn variant(n: u128) -> VariantId {
        VariantId(Uuid::from_u128(n))
    }

    #[test]
    fn equal_lines_are_merged_and_limits_hold() {
        let merged = merge_lines([(variant(1), 2), (variant(2), 1), (variant(1), 3)]);
        assert_eq!(
            merged,
            Ok(vec![
                RequestedLine {
                    variant: variant(1),
                    quantity: 5
                },
                RequestedLine {
                    variant: variant(2),
                    quantity: 1
                },
            ])
        );
        assert_eq!(merge_lines([]), Err(OrderError::NoLines));
        for wrong in [0, -1, 10_001, i64::MAX, i64::MIN] {
            assert_eq!(
                merge_lines([(variant(1), wrong)]),
                Err(OrderError::Quantity { line: 0 })
            );
        }
        assert_eq!(
            merge_lines([(variant(1), 10_000), (variant(1), 1)]),
            Err(OrderError::Quantity { line: 1 })
        );
        assert!(merge_lines((0..100).map(|n| (variant(n), 1))).is_ok());
        assert_eq!(
            merge_lines((0..101).map(|n| (variant(n), 1))),
            Err(OrderError::TooManyLines)
        );
    }
}
