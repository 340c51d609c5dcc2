//! A shop moves: `souk export` and `souk restore`, with the real binary.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Output;

use souk_app::ports::store::DumpStore as _;
use souk_store_mongo::{MongoOptions, MongoStore};
use souk_store_sqlite::{SqliteOptions, SqliteStore};
use tempfile::TempDir;

use crate::binary::{Server, assert_verified, souk};

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[track_caller]
fn done(output: &Output) {
    assert!(output.status.success(), "{}", text(output));
}

#[track_caller]
fn refused(output: &Output, why: &str) {
    assert!(
        !output.status.success() && text(output).contains(why),
        "{}",
        text(output)
    );
}

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().unwrap().to_owned()
}

#[test]
fn a_shop_moves_to_another_file_and_is_the_same() {
    let (old, new, files) = (
        TempDir::new().unwrap(),
        TempDir::new().unwrap(),
        TempDir::new().unwrap(),
    );
    let server = Server::start(old.path(), &["--demo"]);
    let first = path(files.path(), "first");
    // What an earlier try left behind is not written to.
    let (left, elsewhere) = (
        path(files.path(), "first.partial"),
        path(files.path(), "else"),
    );
    std::fs::write(&elsewhere, "mine").unwrap();
    std::os::unix::fs::symlink(&elsewhere, &left).unwrap();
    done(&souk(old.path(), &["export", &first]));
    assert_eq!(std::fs::read(&elsewhere).unwrap(), b"mine");
    let mode = std::fs::metadata(&first).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    refused(&souk(old.path(), &["export", &first]), "is there already");
    assert!(server.terminate());

    done(&souk(new.path(), &["restore", &first]));
    refused(&souk(new.path(), &["restore", &first]), "has data");
    assert_verified(new.path());
    let second = path(files.path(), "second");
    done(&souk(new.path(), &["export", &second]));
    let bytes = std::fs::read(&first).unwrap();
    assert_eq!(bytes, std::fs::read(&second).unwrap());
    // It is served, and still knows its people.
    let server = Server::start(new.path(), &["--demo"]);
    assert!(server.terminate());
}

/// A restore that was cut off leaves a part of a shop, which is not taken for a shop.
#[tokio::test(flavor = "multi_thread")]
async fn a_part_of_a_shop_is_neither_exported_nor_verified_nor_served() {
    let folder = TempDir::new().unwrap();
    let url = path(folder.path(), "souk.db");
    let store = SqliteStore::open(url.as_ref(), SqliteOptions::default()).unwrap();
    assert!(store.begin_restore().await.unwrap());
    drop(store);
    let name = format!("cut-off-{}", std::process::id());
    let mongo = souk_testbed::shared_replica_set().await.url(&name);
    let store = MongoStore::open(&mongo, MongoOptions::default()).await;
    assert!(store.unwrap().begin_restore().await.unwrap());
    let sqlite = format!("sqlite:{url}");
    let file = path(folder.path(), "export");
    for database in [&sqlite, &mongo] {
        for command in [&["export", &file][..], &["verify"]] {
            let arguments = [command, &["--database", database]].concat();
            refused(&souk(folder.path(), &arguments), "was cut off");
        }
        assert!(!Path::new(&file).exists());
    }
    refused(
        &souk(folder.path(), &["serve", "--listen", "127.0.0.1:0"]),
        "was cut off",
    );
}

/// From one engine to the other and back: three files of the same bytes.
#[tokio::test(flavor = "multi_thread")]
async fn a_shop_outgrows_its_file_and_comes_back() {
    let [old, fleet, back] = [(); 3].map(|()| TempDir::new().unwrap());
    let server = Server::start(old.path(), &["--demo"]);
    let file = old.path().join("catalogue.csv");
    let rows = (0..700).map(|n| {
        format!(
            "item-{n},Item {n} قطعة,true,Title,Default Title,SKU-{n},shopify,{n},deny,{n}.50\r\n"
        )
    });
    let head = "Handle,Title,Published,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price\r\n";
    std::fs::write(&file, head.to_owned() + &rows.collect::<String>()).unwrap();
    done(&souk(
        old.path(),
        &["import", "products", file.to_str().unwrap()],
    ));
    assert!(server.terminate());
    let database = format!("moving-{}", std::process::id());
    let mongo = souk_testbed::shared_replica_set().await.url(&database);
    let on_mongo =
        |command: &str, file: &str| souk(fleet.path(), &[command, file, "--database", &mongo]);
    let [first, second, third] = ["first", "second", "third"].map(|name| path(fleet.path(), name));
    done(&souk(old.path(), &["export", &first]));
    done(&on_mongo("restore", &first));
    refused(&on_mongo("restore", &first), "has data");
    done(&souk(fleet.path(), &["verify", "--database", &mongo]));
    done(&on_mongo("export", &second));
    done(&souk(back.path(), &["restore", &second]));
    assert_verified(back.path());
    done(&souk(back.path(), &["export", &third]));
    let bytes = std::fs::read(&first).unwrap();
    assert!(bytes.len() > 500_000, "{} bytes", bytes.len());
    assert!(
        bytes == std::fs::read(&second).unwrap(),
        "MongoDB's file differs"
    );
    assert!(
        bytes == std::fs::read(&third).unwrap(),
        "SQLite's file differs"
    );
}

#[test]
fn what_is_damaged_is_refused_before_anything_is_written() {
    let (old, new) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    assert!(Server::start(old.path(), &["--demo"]).terminate());
    let file = path(old.path(), "export");
    done(&souk(old.path(), &["export", &file]));
    let whole = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, whole.replacen("Salma", "Selma", 1)).unwrap();
    refused(&souk(new.path(), &["restore", &file]), "checksum");
    std::fs::write(&file, whole.as_bytes()).unwrap();
    done(&souk(new.path(), &["restore", &file]));
}
