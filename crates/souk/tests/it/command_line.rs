//! The command line, as an operator uses it: beside a running server too.

use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::binary::{Server, assert_verified, souk};
use crate::test_app::PASSWORD;

const CATALOGUE: &str = "Handle,Title,Body (HTML),Vendor,Type,Tags,Published,Option1 Name,Option1 Value,Variant SKU,Variant Inventory Tracker,Variant Inventory Qty,Variant Inventory Policy,Variant Price,Image Src\r\n\
cup,Cup,<p>A cup</p>,Souk,Kitchen,\"tea, coffee\",true,Size,Small,CUP-S,shopify,3,deny,12.50,\r\n\
cup,,,,,,,,Large,CUP-L,shopify,5,deny,15.00,\r\n\
jug,Jug,,Souk,Kitchen,,true,Title,Default Title,,,0,deny,nonsense,\r\n\
lamp,Lamp,,Souk,Home,,true,Title,Default Title,,shopify,1,continue,80.00,\r\n";

fn text(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn make_user(folder: &Path, email: &str, role: &str) -> std::process::Output {
    let password = folder.join("password");
    std::fs::write(&password, PASSWORD).unwrap();
    let file = password.to_str().unwrap();
    souk(
        folder,
        &[
            "user",
            "create",
            "--email",
            email,
            "--password-file",
            file,
            "--role",
            role,
        ],
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_work_beside_a_running_server() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path(), &[]);
    let file = folder.path().join("catalogue.csv");
    std::fs::write(&file, CATALOGUE).unwrap();
    let file = file.to_str().unwrap();

    let dry = souk(folder.path(), &["import", "products", file, "--dry-run"]);
    assert!(text(&dry).contains("2 would be created"), "{}", text(&dry));
    let first = souk(folder.path(), &["import", "products", file]);
    assert_eq!(
        first.status.code(),
        Some(2),
        "a bad row is told by the exit code: {}",
        text(&first)
    );
    assert!(text(&first).contains("line 4: error"), "{}", text(&first));
    assert!(
        text(&first).contains("products: 2 created"),
        "{}",
        text(&first)
    );
    let again = souk(folder.path(), &["import", "products", file]);
    assert!(
        text(&again).contains("products: 0 created, 0 updated, 2 unchanged"),
        "{}",
        text(&again)
    );
    assert!(
        text(&again).contains("variants: 0 created, 0 updated, 3 unchanged"),
        "{}",
        text(&again)
    );

    let made = make_user(folder.path(), "admin@example.com", "admin");
    assert!(made.status.success(), "{}", text(&made));
    let twice = make_user(folder.path(), "Admin@Example.com", "admin");
    assert_eq!(twice.status.code(), Some(1), "{}", text(&twice));
    let guest = make_user(folder.path(), "guest@example.com", "guest");
    assert_eq!(guest.status.code(), Some(1), "{}", text(&guest));

    let http = reqwest::Client::new();
    let products: Value = http
        .get(format!("{}/api/v1/products", server.url))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(products["items"].as_array().unwrap().len(), 2);
    let body = json!({"email": "admin@example.com", "password": PASSWORD});
    let answer = http
        .post(format!("{}/api/v1/auth/login", server.url))
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status().as_u16(), 200);

    assert_verified(folder.path());
    let check = souk(folder.path(), &["check"]);
    assert!(check.status.success(), "{}", text(&check));

    // A copy is a shop.
    let copy = folder.path().join("copy");
    let backup = souk(folder.path(), &["backup", copy.to_str().unwrap()]);
    assert!(backup.status.success(), "{}", text(&backup));
    assert_verified(&copy);
    let second = Server::start(&copy, &[]);
    let copied: Value = http
        .get(format!("{}/api/v1/products", second.url))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(copied["items"], products["items"]);
    assert!(second.terminate());
    assert!(server.terminate());
}

#[test]
fn two_servers_do_not_share_a_file() {
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path(), &[]);
    let second = souk(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert_eq!(second.status.code(), Some(1));
    assert!(
        text(&second).contains("served by another process"),
        "{}",
        text(&second)
    );
    assert!(server.terminate());
}

#[test]
fn dangerous_options_are_refused_off_loopback() {
    let folder = TempDir::new().unwrap();
    for options in [["--demo"].as_slice(), &["--rate-limits", "off"]] {
        let mut arguments = vec!["serve", "--listen", "0.0.0.0:0"];
        arguments.extend(options);
        let refused = souk(folder.path(), &arguments);
        assert_eq!(refused.status.code(), Some(1), "{}", text(&refused));
        assert!(text(&refused).contains("loopback"), "{}", text(&refused));
    }
}

#[test]
fn signing_keys_are_private_and_rotate() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = TempDir::new().unwrap();
    let server = Server::start(folder.path(), &[]);
    let file = folder.path().join("signing-keys.json");
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(server.terminate());
    let rotated = souk(folder.path(), &["keys", "rotate"]);
    assert!(rotated.status.success(), "{}", text(&rotated));
    let keys: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let keys = keys["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    let time = |at: &Value| at.as_str().unwrap().parse::<Timestamp>().unwrap();
    assert_eq!(keys[0]["signsFrom"], Value::Null);
    let waits = time(&keys[1]["signsFrom"]).duration_since(time(&keys[1]["createdAt"]));
    assert_eq!(waits.as_mins(), 60);
    assert_eq!(
        std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(Server::start(folder.path(), &[]).terminate());
}

#[test]
fn where_there_are_no_signing_keys_rotation_makes_one() {
    let folder = TempDir::new().unwrap();
    let rotated = souk(folder.path(), &["keys", "rotate"]);
    assert!(rotated.status.success(), "{}", text(&rotated));
    let keys = std::fs::read(folder.path().join("signing-keys.json")).unwrap();
    let keys: Value = serde_json::from_slice(&keys).unwrap();
    assert_eq!(keys["keys"].as_array().unwrap().len(), 1);
    assert_eq!(keys["keys"][0]["signsFrom"], Value::Null);
}

#[tokio::test]
async fn an_idle_server_is_small_and_starts_at_once() {
    let folder = TempDir::new().unwrap();
    assert!(Server::start(folder.path(), &["--demo"]).terminate());
    let started = Instant::now();
    let server = Server::start(folder.path(), &["--demo"]);
    let ready = reqwest::get(format!("{}/readyz", server.url))
        .await
        .unwrap();
    println!("ready on existing data after {:?}", started.elapsed());
    assert_eq!(ready.status().as_u16(), 200);
    tokio::time::sleep(Duration::from_secs(1)).await;
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let resident = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .unwrap();
    let kib: u64 = resident.trim().trim_end_matches(" kB").parse().unwrap();
    println!("idle: {kib} KiB resident");
    assert!(kib < 60 * 1024, "{kib} KiB");
    assert!(server.terminate());
}

#[test]
fn data_of_a_demo_is_not_served_to_others() {
    let folder = TempDir::new().unwrap();
    assert!(Server::start(folder.path(), &["--demo"]).terminate());
    let refused = souk(folder.path(), &["serve", "--listen", "0.0.0.0:0"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused).contains("sign-ins"), "{}", text(&refused));
}
