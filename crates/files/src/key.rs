//! Keys of blobs. What is refused here never becomes a path.

/// Longest key, in bytes.
const MAX_KEY: usize = 200;

/// The text is not a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadKey;

impl std::fmt::Display for BadKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(
            "a key is segments of ASCII letters, digits, '.', '-', '_', joined by '/', none of which starts with a dot; \
             at most 200 bytes",
        )
    }
}

impl std::error::Error for BadKey {}

/// Checks a key by the rules of the port. No segment starts with a dot, so that none climbs out of the folder or
/// meets what the folder keeps for itself.
pub fn check_key(key: &str) -> Result<(), BadKey> {
    let segment_fits = |segment: &str| {
        !segment.is_empty()
            && !segment.starts_with('.')
            && segment
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
    };
    if key.len() <= MAX_KEY && key.split('/').all(segment_fits) {
        Ok(())
    } else {
        Err(BadKey)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        let longest = format!("a/{}", "b".repeat(198));
        for good in ["a", "products/mug-1.svg", "A_b/c.d/e..f", longest.as_str()] {
            assert_eq!(check_key(good), Ok(()), "{good}");
        }
        let too_long = "a".repeat(201);
        for bad in [
            "",
            "/",
            "/a",
            "a/",
            "a//b",
            ".",
            "..",
            "../a",
            "a/../b",
            "a/.b",
            ".types/a",
            "a\\b",
            "a b",
            "سوق",
            "a\0b",
            "a:b",
            "a%2e",
            "C:/a",
            too_long.as_str(),
        ] {
            assert_eq!(check_key(bad), Err(BadKey), "{bad:?}");
        }
    }
}
