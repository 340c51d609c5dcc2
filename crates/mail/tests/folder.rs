//! The Mailer and Mailbox ports, as the folder keeps them.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod samples;

use std::fs;

use samples::{options, receipt, receipt_to};
use souk_app::ports::store::ListError;
use souk_app::ports::{Mailbox as _, Mailer};
use souk_domain::Locale;
use souk_mail::{FolderMailer, MailSetupError};

async fn mailer() -> (tempfile::TempDir, FolderMailer) {
    let folder = tempfile::tempdir().unwrap();
    let mailer = FolderMailer::open(folder.path().join("mail"), options())
        .await
        .unwrap();
    (folder, mailer)
}

#[tokio::test]
async fn the_folder_keeps_the_contract() {
    let (_folder, mailer) = mailer().await;
    souk_app::ports::contract::mailer::every_letter_goes_out(&mailer).await;
}

#[tokio::test]
async fn a_mail_is_one_file_however_often_it_is_sent() {
    let (folder, mailer) = mailer().await;
    mailer.check().await.unwrap();
    let mail = receipt(Locale::Ar);
    mailer.send(&mail).await.unwrap();
    mailer.send(&mail).await.unwrap();
    let files: Vec<_> = fs::read_dir(folder.path().join("mail"))
        .unwrap()
        .map(|file| file.unwrap().file_name())
        .collect();
    assert_eq!(files, [format!("{}.eml", mail.id).as_str()]);

    let mailbox = mailer.mailbox().unwrap();
    let list = mailbox.list(None, 10).await.unwrap();
    assert_eq!(list.len(), 1);
    assert_eq!(list[0].id, mail.id.to_string());
    assert_eq!(list[0].to, "sara@mail.example");
    assert!(
        list[0].subject.starts_with("إيصال طلبك "),
        "{}",
        list[0].subject
    );
    assert_eq!(list[0].at, mail.at);
    assert_eq!(list[0].order_id, mail.letter.order_id());
    let (kept, text) = mailbox.open(&list[0].id).await.unwrap().unwrap();
    assert_eq!(kept, list[0]);
    assert!(text.html.contains("dir=\"rtl\"") && text.text.contains("شكرًا لك على طلبك"));
}

#[tokio::test]
async fn the_newest_come_first_page_by_page() {
    let (folder, mailer) = mailer().await;
    for n in [3_u128, 1, 5, 2, 4] {
        let mut mail = receipt_to(n, "sara@mail.example");
        mail.at += std::time::Duration::from_secs(u64::try_from(n).unwrap());
        mailer.send(&mail).await.unwrap();
    }
    fs::write(folder.path().join("mail/notes.txt"), "not a mail").unwrap();
    fs::write(folder.path().join("mail/.writing-x"), "half a mail").unwrap();
    let mut seen = Vec::new();
    let mut before: Option<String> = None;
    loop {
        let page = mailer.list(before.as_deref(), 2).await.unwrap();
        let Some(last) = page.last() else { break };
        before = Some(last.id.clone());
        seen.extend(
            page.into_iter()
                .map(|mail| uuid::Uuid::parse_str(&mail.id).unwrap().as_u128()),
        );
    }
    assert_eq!(seen, [5, 4, 3, 2, 1]);
    let nowhere = mailer
        .list(Some("00000000-0000-0000-0000-0000000000ff"), 2)
        .await;
    assert!(
        matches!(nowhere, Err(ListError::Cursor)),
        "a list that ends there would hide the rest: {nowhere:?}"
    );
}

#[tokio::test]
async fn only_mails_of_the_folder_are_opened() {
    let (folder, mailer) = mailer().await;
    fs::write(folder.path().join("secret.eml"), "Subject: x\r\n\r\ny").unwrap();
    for id in [
        "",
        "../secret",
        "../secret.eml",
        "/etc/passwd",
        "00000000-0000-0000-0000-0000000000ff",
        "\0",
    ] {
        assert_eq!(mailer.open(id).await.unwrap(), None, "{id:?}");
        let listed = mailer.list(Some(id), 5).await;
        assert!(
            matches!(listed, Err(ListError::Cursor)),
            "{id:?}: {listed:?}"
        );
    }
}

#[tokio::test]
async fn the_url_chooses_the_engine() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().display().to_string();
    for url in [format!("file:{path}/a"), format!("file://{path}/b")] {
        assert!(
            souk_mail::open(&url, options())
                .await
                .unwrap()
                .mailbox()
                .is_some(),
            "{url}"
        );
    }
    assert!(
        souk_mail::open("smtp://localhost:1", options())
            .await
            .unwrap()
            .mailbox()
            .is_none()
    );
    for url in ["", "file:", "ftp://x", "mail"] {
        assert!(
            matches!(
                souk_mail::open(url, options()).await,
                Err(MailSetupError::Url(_))
            ),
            "{url}"
        );
    }
}
