//! The Mailer port over SMTP, against a real mail server (`smtp_server.py`) and some that behave worse.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::print_stderr)]
#![allow(clippy::disallowed_methods)] // Tests find their tools by the environment.

mod samples;

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use mail_parser::MessageParser;
use samples::{options, receipt, receipt_to};
use souk_app::ports::{MailError, Mailer};
use souk_domain::Locale;
use souk_mail::{SmtpMailer, compose};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

/// Far longer than a mailer of these tests waits for a server.
const PATIENCE: Duration = Duration::from_secs(20);

/// The mail server in a process of its own, stopped when dropped.
struct Server {
    _process: Child,
    folder: tempfile::TempDir,
    port: u16,
}

impl Server {
    /// Starts it; none where there is no Python to run it, which is an error in CI.
    async fn start(arguments: &[&str]) -> Option<Self> {
        let Ok(python) = std::env::var("SOUK_TEST_PYTHON") else {
            assert!(
                std::env::var("CI").as_deref() != Ok("true"),
                "SOUK_TEST_PYTHON must name a Python with aiosmtpd; `make test` sets it up"
            );
            eprintln!(
                "skipped: SOUK_TEST_PYTHON names no Python with aiosmtpd (`make test` sets it up)"
            );
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let mut process = Command::new(python)
            .arg(file("smtp_server.py"))
            .arg(folder.path())
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("the Python of SOUK_TEST_PYTHON starts");
        let mut port = String::new();
        BufReader::new(process.stdout.take().unwrap())
            .read_line(&mut port)
            .await
            .unwrap();
        let port = port
            .trim()
            .parse()
            .expect("the mail server says its port; is aiosmtpd installed?");
        Some(Self {
            _process: process,
            folder,
            port,
        })
    }

    fn mailer(&self, prefix: &str, query: &str) -> SmtpMailer {
        SmtpMailer::open(
            &format!("{prefix}127.0.0.1:{}{query}", self.port),
            options(),
        )
        .unwrap()
    }

    /// The n-th mail that it took, from 1.
    fn mail(&self, n: u32) -> Option<String> {
        std::fs::read_to_string(self.folder.path().join(format!("{n}.eml"))).ok()
    }
}

fn file(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(name)
}

fn tls(name: &str) -> String {
    file("tls").join(name).display().to_string()
}

fn header(mail: &str, name: &str) -> String {
    let line = mail
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap_or_else(|| panic!("no {name} in {mail}"));
    line.trim_start_matches(':').trim().to_owned()
}

fn is_refused(result: &Result<(), MailError>) -> bool {
    matches!(result, Err(MailError::Refused(_)))
}

fn is_unavailable(result: &Result<(), MailError>) -> bool {
    matches!(result, Err(MailError::Unavailable(_)))
}

#[tokio::test]
async fn smtp_keeps_the_contract() {
    let Some(server) = Server::start(&[]).await else {
        return;
    };
    souk_app::ports::contract::mailer::every_letter_goes_out(&server.mailer("smtp://", "")).await;
    assert!(server.mail(16).is_some() && server.mail(17).is_none());
}

#[tokio::test]
async fn mails_arrive_as_they_were_composed_on_one_connection() {
    let Some(server) = Server::start(&[]).await else {
        return;
    };
    let mailer = server.mailer("smtp://", "");
    mailer.check().await.unwrap();
    let mail = receipt(Locale::Ar);
    mailer.send(&mail).await.unwrap();
    mailer
        .send(&receipt_to(2, "other@mail.example"))
        .await
        .unwrap();
    let (first, second) = (server.mail(1).unwrap(), server.mail(2).unwrap());
    assert_eq!(header(&first, "X-Recipients"), "sara@mail.example");
    assert_eq!(header(&first, "X-Sender"), "no-reply@shop.example");
    assert_eq!(
        header(&first, "X-Peer"),
        header(&second, "X-Peer"),
        "the connection is used again"
    );
    let sent = compose(&mail, &options().from, &options().public_url).unwrap();
    let arrived = MessageParser::default().parse(first.as_bytes()).unwrap();
    assert_eq!(arrived.subject(), Some(sent.subject.as_str()));
    assert_eq!(
        arrived.message_id(),
        Some(format!("{}@shop.example", mail.id).as_str())
    );
    let normal = |text: &str| text.replace("\r\n", "\n").trim_end().to_owned();
    assert_eq!(
        normal(&arrived.body_html(0).unwrap()),
        normal(&sent.text.html)
    );
    assert_eq!(
        normal(&arrived.body_text(0).unwrap()),
        normal(&sent.text.text)
    );
}

#[tokio::test]
async fn the_answers_of_a_server_mean_what_they_say() {
    let Some(server) = Server::start(&[]).await else {
        return;
    };
    let mailer = server.mailer("smtp://", "");
    let send = |to: &'static str| {
        let mailer = &mailer;
        async move { mailer.send(&receipt_to(1, to)).await }
    };
    assert!(matches!(
        send("later@mail.example").await,
        Err(MailError::Later(_))
    ));
    let refused = send("refused@mail.example").await;
    let said = format!("{}", refused.as_ref().unwrap_err());
    assert!(
        said.contains("550") && said.contains("no such user") && !said.contains("refused@"),
        "{said}"
    );
    assert!(is_refused(&refused));
    assert!(is_refused(&send("content@mail.example").await));
    assert!(is_unavailable(&send("closing@mail.example").await));
    assert!(is_unavailable(&send("drop@mail.example").await));
    assert!(is_unavailable(&send("late-drop@mail.example").await));
    // None of that spoils the connection of the next mail.
    send("sara@mail.example").await.unwrap();
    assert_eq!(
        header(&server.mail(2).unwrap(), "X-Recipients"),
        "sara@mail.example"
    );
}

#[tokio::test]
async fn a_server_that_hangs_holds_nobody_up() {
    let Some(server) = Server::start(&[]).await else {
        return;
    };
    let mailer = server.mailer("smtp://", "");
    mailer
        .send(&receipt_to(1, "sara@mail.example"))
        .await
        .unwrap();
    let hanging = receipt_to(2, "hang@mail.example");
    let ended = tokio::time::timeout(PATIENCE, mailer.send(&hanging)).await;
    assert!(is_unavailable(&ended.expect("it is given up")));
    // A mail that is given up in the middle leaves no half-used connection behind.
    let given_up = tokio::time::timeout(
        Duration::from_millis(300),
        mailer.send(&receipt_to(3, "hang@mail.example")),
    )
    .await;
    assert!(given_up.is_err());
    mailer
        .send(&receipt_to(4, "sara@mail.example"))
        .await
        .unwrap();
    let id = uuid::Uuid::from_u128(4);
    assert!(header(&server.mail(2).unwrap(), "Message-ID").contains(&id.to_string()));
}

#[tokio::test]
async fn tls_is_used_and_the_server_is_known_or_no_mail_goes() {
    let (cert, key) = (tls("localhost.crt"), tls("localhost.key"));
    let ca = format!("ca={}", tls("ca.crt"));
    let Some(server) =
        Server::start(&["--starttls", &cert, &key, "--auth", "souk:p@ss/word"]).await
    else {
        return;
    };
    let good = server.mailer("smtp://souk:p%40ss%2Fword@", &format!("?tls=required&{ca}"));
    good.send(&receipt(Locale::En)).await.unwrap();
    let mail = server.mail(1).unwrap();
    assert_eq!(
        (
            header(&mail, "X-Tls").as_str(),
            header(&mail, "X-User").as_str()
        ),
        ("yes", "souk")
    );
    let wrong_password = server.mailer("smtp://souk:wrong@", &format!("?tls=required&{ca}"));
    assert!(is_unavailable(&wrong_password.check().await));
    assert!(is_unavailable(
        &wrong_password.send(&receipt(Locale::En)).await
    ));
    let unknown_authority = server.mailer("smtp://souk:p%40ss%2Fword@", "?tls=required");
    assert!(is_unavailable(&unknown_authority.check().await));
    let without_tls = server.mailer("smtp://souk:p%40ss%2Fword@", "?tls=none");
    assert!(
        is_unavailable(&without_tls.check().await),
        "the server insists on TLS"
    );
    assert!(server.mail(2).is_none());

    let from_the_start = Server::start(&["--tls", &cert, &key]).await.unwrap();
    from_the_start
        .mailer("smtps://", &format!("?{ca}"))
        .send(&receipt(Locale::Ar))
        .await
        .unwrap();
    assert!(is_unavailable(
        &from_the_start.mailer("smtps://", "").check().await
    ));

    let plain = Server::start(&[]).await.unwrap();
    assert!(
        is_unavailable(
            &plain
                .mailer("smtp://", &format!("?tls=required&{ca}"))
                .check()
                .await
        ),
        "no STARTTLS there"
    );
    plain
        .mailer("smtp://", &format!("?tls=opportunistic&{ca}"))
        .send(&receipt(Locale::Ar))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_server_that_is_not_there_or_wants_nobody_is_the_providers_fault() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let mailer = SmtpMailer::open(&format!("smtp://{address}"), options()).unwrap();
    let unwelcome = tokio::spawn(async move {
        for greeting in [
            "554 no service here\r\n",
            "421 too busy\r\n",
            "hello?\r\n",
            "",
        ] {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(greeting.as_bytes()).await.unwrap();
            if greeting.is_empty() {
                // Accepts and says nothing.
                tokio::time::sleep(PATIENCE * 2).await;
            }
        }
    });
    for _ in 0..4 {
        let ended = tokio::time::timeout(PATIENCE, mailer.send(&receipt(Locale::En))).await;
        assert!(is_unavailable(&ended.expect("it is given up")));
    }
    unwelcome.abort();
    let _ = unwelcome.await;
    assert!(
        is_unavailable(&mailer.check().await),
        "nobody listens there any more"
    );
}
