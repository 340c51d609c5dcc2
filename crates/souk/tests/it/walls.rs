//! The import rule of ARCHITECTURE.md: what a crate of ours may touch.

use cargo_metadata::{DependencyKind, MetadataCommand};

const RULES: &[(&str, &[&str])] = &[
    ("souk-domain", &[]),
    ("souk-app", &["souk-domain"]),
    ("souk-store-sqlite", &["souk-app", "souk-domain"]),
    ("souk-store-mongo", &["souk-app", "souk-domain"]),
    (
        "souk-messaging-redis",
        &["souk-app", "souk-domain", "souk-socketio"],
    ),
    ("souk-testbed", &[]),
    ("souk-files", &["souk-app", "souk-domain"]),
    ("souk-mail", &["souk-app", "souk-domain"]),
    ("souk-api", &["souk-app", "souk-domain"]),
    ("souk-worker", &["souk-app", "souk-domain"]),
    ("souk-socketio", &[]),
    (
        "souk-sockets",
        &["souk-app", "souk-domain", "souk-socketio"],
    ),
    (
        "souk",
        &[
            "souk-api",
            "souk-app",
            "souk-domain",
            "souk-files",
            "souk-mail",
            "souk-messaging-redis",
            "souk-sockets",
            "souk-store-mongo",
            "souk-store-sqlite",
            "souk-worker",
        ],
    ),
    (
        "souk-bench",
        &[
            "souk-app",
            "souk-domain",
            "souk-messaging-redis",
            "souk-socketio",
            "souk-store-mongo",
            "souk-store-sqlite",
            "souk-testbed",
        ],
    ),
];

#[test]
fn every_crate_imports_only_what_it_may() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    let mut breaches = Vec::new();
    for package in &metadata.packages {
        let allowed = RULES
            .iter()
            .find(|(name, _)| *name == package.name.as_str());
        let Some((_, allowed)) = allowed else {
            breaches.push(format!(
                "{} has no rule: decide what it may import",
                package.name
            ));
            continue;
        };
        for dependency in &package.dependencies {
            let ours = dependency.name.starts_with("souk");
            // Tests may drive a port with a real engine.
            let shipped = dependency.kind != DependencyKind::Development;
            if ours && shipped && !allowed.contains(&dependency.name.as_str()) {
                breaches.push(format!("{} imports {}", package.name, dependency.name));
            }
        }
    }
    assert!(breaches.is_empty(), "{breaches:#?}");
    assert_eq!(
        metadata.packages.len(),
        RULES.len(),
        "a rule is left of a crate that is gone"
    );
}

#[test]
fn only_programs_may_use_anyhow() {
    let metadata = MetadataCommand::new().no_deps().exec().unwrap();
    for package in &metadata.packages {
        let uses = package
            .dependencies
            .iter()
            .any(|dependency| dependency.name == "anyhow");
        let may = ["souk", "souk-bench", "souk-testbed"].contains(&package.name.as_str());
        assert!(
            may || !uses,
            "{} uses anyhow: errors are typed",
            package.name
        );
    }
}
