//! What every engine behind the Files port must do.

use std::sync::Arc;

use crate::ports::{Blob, EngineError, Files};
use bytes::Bytes;

fn blob(bytes: impl Into<Bytes>, content_type: &str) -> Blob {
    Blob {
        bytes: bytes.into(),
        content_type: content_type.to_owned(),
    }
}

/// Keeps, replaces, gives back, removes; refuses what is no key.
pub async fn blobs_are_kept_under_their_keys(files: &dyn Files) {
    files.check().await.unwrap();
    assert_eq!(files.get("products/none.svg").await.unwrap(), None);
    files.remove("products/none.svg").await.unwrap();

    for kept in [
        ("products/mug-1.svg", blob("<svg/>", "image/svg+xml")),
        (
            "products/mug-1.svg",
            blob("<svg></svg>", "image/svg+xml; charset=utf-8"),
        ),
        ("products/mug-1.svg", blob("<svg></svg>", "image/svg+xml")),
        ("products/mug-1.svg", blob("{}", "application/json")),
        ("plain", blob(Bytes::new(), "application/x-empty")),
        ("a/b/c.d/E_f-1..png", blob(vec![0_u8; 1 << 20], "image/png")),
    ] {
        files.put(kept.0, kept.1.clone()).await.unwrap();
        assert_eq!(files.get(kept.0).await.unwrap(), Some(kept.1), "{}", kept.0);
    }
    // Neighbours keep what is theirs.
    assert_eq!(
        files.get("plain").await.unwrap(),
        Some(blob(Bytes::new(), "application/x-empty"))
    );
    assert_eq!(files.get("products").await.unwrap(), None);
    assert_eq!(files.get("plain/below").await.unwrap(), None);

    files.remove("products/mug-1.svg").await.unwrap();
    assert_eq!(files.get("products/mug-1.svg").await.unwrap(), None);
    files
        .put("products/mug-1.svg", blob("again", "image/svg+xml"))
        .await
        .unwrap();
    assert_eq!(
        files.get("products/mug-1.svg").await.unwrap(),
        Some(blob("again", "image/svg+xml"))
    );

    let too_long = "a".repeat(201);
    for bad in [
        "",
        "../x",
        "a/../x",
        "/etc/passwd",
        ".x",
        "a/.x",
        "a//x",
        "a b",
        "a\\x",
        "سوق",
        too_long.as_str(),
    ] {
        let refused =
            |result: Result<(), EngineError>| matches!(result, Err(EngineError::Refused(_)));
        assert!(
            refused(files.put(bad, blob("x", "text/plain")).await),
            "put {bad:?}"
        );
        assert!(refused(files.get(bad).await.map(drop)), "get {bad:?}");
        assert!(refused(files.remove(bad).await), "remove {bad:?}");
    }
}

/// Readers see one writer's blob, never a mixture.
pub async fn a_blob_is_one_writers_whole(files: Arc<dyn Files>) {
    let whole = |n: u8| blob(vec![n; 100_000], "application/x-part");
    files.put("one", whole(0)).await.unwrap();
    let writers = (0..8).map(|n| {
        let files = files.clone();
        tokio::spawn(async move {
            for _ in 0..5 {
                files.put("one", whole(n)).await.unwrap();
                let seen = files.get("one").await.unwrap().unwrap();
                assert_eq!(seen.bytes.len(), 100_000);
                assert!(seen.bytes.iter().all(|byte| *byte == seen.bytes[0]));
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
}
