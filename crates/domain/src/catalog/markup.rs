//! HTML that others wrote.

/// Keeps the harmless part of an HTML body: no script, no style, no event handler, no frame; links open apart.
#[must_use]
pub fn sanitise(html: &str) -> String {
    ammonia::Builder::default()
        .link_rel(Some("noopener noreferrer nofollow"))
        .clean(html)
        .to_string()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_go_and_words_stay() {
        let html = "<p onclick=\"x()\">Good<script>alert(1)</script> <b style=\"position:fixed\">tea</b></p>\n";
        assert_eq!(sanitise(html), "<p>Good <b>tea</b></p>");
        assert_eq!(
            sanitise("<a href=\"javascript:x()\">x</a>"),
            "<a rel=\"noopener noreferrer nofollow\">x</a>"
        );
        let once = sanitise("a < b & c <i>d");
        assert_eq!(sanitise(&once), once, "a second pass changes nothing");
    }
}
