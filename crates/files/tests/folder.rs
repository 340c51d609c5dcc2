//! The Files port, as the folder keeps it.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fs;

use bytes::Bytes;
use souk_app::ports::contract::files as contract;
use souk_app::ports::{Blob, Files};
use souk_files::FolderFiles;

fn blob(bytes: &'static [u8], content_type: &str) -> Blob {
    Blob {
        bytes: Bytes::from_static(bytes),
        content_type: content_type.to_owned(),
    }
}

fn files_below(folder: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        if entry.path().is_dir() {
            found.extend(files_below(&entry.path()));
        } else {
            found.push(entry.path().display().to_string());
        }
    }
    found
}

#[tokio::test]
async fn the_folder_keeps_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let files = FolderFiles::open(folder.path().join("not/yet/there"))
        .await
        .unwrap();
    contract::blobs_are_kept_under_their_keys(&files).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_replaced_by_many_at_once_is_one_of_them_whole() {
    let folder = tempfile::tempdir().unwrap();
    let files = FolderFiles::open(folder.path()).await.unwrap();
    contract::a_blob_is_one_writers_whole(std::sync::Arc::new(files)).await;
}

#[tokio::test]
async fn a_picture_is_a_plain_file_and_nothing_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let files = FolderFiles::open(folder.path()).await.unwrap();
    files
        .put("products/mug.svg", blob(b"<svg/>", "image/svg+xml"))
        .await
        .unwrap();
    assert_eq!(
        fs::read(folder.path().join("products/mug.svg")).unwrap(),
        b"<svg/>"
    );
    assert_eq!(
        files_below(folder.path()).len(),
        1,
        "a known type needs no note"
    );

    files
        .put("products/mug.svg", blob(b"<svg></svg>", "text/plain"))
        .await
        .unwrap();
    assert_eq!(files_below(folder.path()).len(), 2, "another type is noted");
    files
        .put("products/mug.svg", blob(b"<svg></svg>", "image/svg+xml"))
        .await
        .unwrap();
    assert_eq!(
        files_below(folder.path()).len(),
        1,
        "the note went with the type"
    );

    files.put("odd", blob(b"1", "x/one")).await.unwrap();
    files.put("odd", blob(b"2", "x/two")).await.unwrap();
    files.remove("odd").await.unwrap();
    files.remove("products/mug.svg").await.unwrap();
    assert_eq!(files_below(folder.path()), Vec::<String>::new());
}

#[tokio::test]
async fn a_folder_that_is_a_file_is_said_to_be_unusable() {
    let file = tempfile::NamedTempFile::new().unwrap();
    assert!(FolderFiles::open(file.path()).await.is_err());
    let folder = tempfile::tempdir().unwrap();
    let files = FolderFiles::open(folder.path().join("blobs"))
        .await
        .unwrap();
    files.check().await.unwrap();
    fs::remove_dir(folder.path().join("blobs")).unwrap();
    assert!(files.check().await.is_err());
}
