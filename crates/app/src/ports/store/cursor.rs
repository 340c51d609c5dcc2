//! Cursors, the same in every engine: where a list goes on. A letter names the list, so that the cursor of one is refused by another; the rest are
//! numbers in hexadecimal, which need no escaping in an address.

use uuid::Uuid;

use super::ListError;

/// The letter of lists of products.
pub const PRODUCTS: char = 'p';

/// The letter of lists of products by words.
pub const FOUND_PRODUCTS: char = 's';

/// The letter of lists of orders.
pub const ORDERS: char = 'o';

/// The letter of lists of failed jobs.
pub const FAILED_JOBS: char = 'f';

/// The letter of lists of conversations.
pub const CONVERSATIONS: char = 'c';

/// Makes a cursor of a list's letter, a number, and the id of the last item.
#[must_use]
pub fn encode(list: char, number: i64, id: Uuid) -> String {
    format!("{list}{number:016x}{}", id.simple())
}

/// Reads a cursor of the list with this letter; any other is `ListError::Cursor`.
pub fn decode(list: char, cursor: Option<&str>) -> Result<Option<(i64, Uuid)>, ListError> {
    let Some(cursor) = cursor else {
        return Ok(None);
    };
    let parts = || {
        let rest = cursor
            .strip_prefix(list)
            .filter(|rest| rest.len() == 48 && rest.is_ascii())?;
        let (number, id) = rest.split_at(16);
        let number = u64::from_str_radix(number, 16).ok()?;
        Some((number.cast_signed(), Uuid::try_parse(id).ok()?))
    };
    parts().map(Some).ok_or(ListError::Cursor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_back_in_its_own_list_alone() {
        let id = Uuid::from_u128(0xabc);
        for number in [0, 1, -5, i64::MAX, i64::MIN] {
            let cursor = encode('o', number, id);
            assert!(matches!(decode('o', Some(&cursor)), Ok(Some(read)) if read == (number, id)));
            assert!(matches!(decode('p', Some(&cursor)), Err(ListError::Cursor)));
        }
        assert!(matches!(decode('o', None), Ok(None)));
        for wrong in [
            "",
            "o",
            "o12",
            "oé",
            &"o+".repeat(25),
            &format!("o{}", "é".repeat(24)),
        ] {
            assert!(
                matches!(decode('o', Some(wrong)), Err(ListError::Cursor)),
                "{wrong}"
            );
        }
    }
}
