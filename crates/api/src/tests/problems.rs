//! Every code in both languages, and the mapping from errors to codes.

use std::collections::BTreeMap;

use souk_app::accounts::AccountError;
use souk_app::catalog::CatalogError;
use souk_app::committer::CommitError;
use souk_app::ports::EngineError;
use souk_app::ports::store::ListError;
use souk_domain::Locale;
use souk_domain::order::OrderError;

use crate::problem::{Code, Problem, of_access_token};

#[test]
fn every_code_is_said_in_both_languages() {
    let is_arabic = |text: &str| text.chars().any(|c| ('\u{600}'..='\u{6ff}').contains(&c));
    let mut table = BTreeMap::new();
    for code in Code::ALL {
        let said = Locale::ALL.map(|locale| (code.title(locale), code.detail(locale)));
        assert!(is_arabic(said[0].0) && is_arabic(said[0].1), "{code:?}");
        assert!(!is_arabic(said[1].0) && !is_arabic(said[1].1), "{code:?}");
        let known = table.insert((code.status().as_u16(), code.name()), said);
        assert!(known.is_none(), "{code:?} is there twice");
    }
    let lines = table.iter().map(|((status, name), [ar, en])| {
        format!("{status} {name}\n  {} {}\n  {} {}", en.0, en.1, ar.0, ar.1)
    });
    insta::assert_snapshot!(lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn errors_become_the_codes_of_the_contract() {
    let cause = || "the disk is on fire".into();
    for (problem, code) in [
        (Problem::from(EngineError::Conflict), Code::Unavailable),
        (EngineError::Unavailable(cause()).into(), Code::Unavailable),
        (EngineError::Refused(cause()).into(), Code::Internal),
        (ListError::Cursor.into(), Code::BadCursor),
        (CommitError::Busy.into(), Code::Busy),
        (
            CommitError::Engine(EngineError::Conflict).into(),
            Code::Unavailable,
        ),
        (OrderError::KeyReused.into(), Code::KeyReused),
        (OrderError::NotFound.into(), Code::NotFound),
        (OrderError::NoLines.into(), Code::InvalidInput),
        (CatalogError::Stale.into(), Code::ChangedMeanwhile),
        (AccountError::TokenExpired.into(), Code::LinkInvalid),
        (AccountError::SessionExpired.into(), Code::SessionExpired),
        (
            of_access_token(AccountError::SessionExpired),
            Code::TokenExpired,
        ),
        (
            of_access_token(AccountError::TokenInvalid),
            Code::TokenInvalid,
        ),
    ] {
        assert_eq!(problem.code(), code);
    }
}
