//! Kinds of Redis: with a user of few rights, with TLS, behind sentinels, as a cluster. Everything works on each.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use redis::cmd;
use souk_app::ports::store::JobOutcome;
use souk_app::ports::{
    Bus as _, Cache as _, Ids, Mirror as _, News, Presence as _, Queue as _, Quota,
};
use souk_domain::UserId;
use souk_domain::stream::StreamKey;
use souk_messaging_redis::adapter::StreamMirror;
use souk_messaging_redis::{
    Address, AddressError, QueueOptions, Redis, RedisBus, RedisCache, RedisLimits, RedisPresence,
    RedisQueue, Subscriber,
};
use souk_store_sqlite::{SqliteOptions, SqliteStore};
use souk_testbed::{Folder, Process, Redis as Server, free_port};

use crate::adapter::site::Site;
use crate::interop::{receipt, settlement};
use crate::queue::answers;
use crate::support::{SystemClock, TestIds, connect, share, take_in_turn, until};

const SOON: Duration = Duration::from_secs(10);

/// Uses every engine once.
async fn all_works(redis: &Redis) {
    redis.until_up().await;
    let ids: Arc<dyn Ids> = Arc::new(TestIds::default());
    let cache = RedisCache::start(redis.clone(), 1 << 20);
    let other = RedisCache::start(redis.clone(), 1 << 20);
    let value = Bytes::from_static(b"1");
    share(&cache, &other, "k", &value, Duration::from_mins(1)).await;
    until("a removal is heard", SOON, async || {
        cache.remove("k").await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        other.get("k").await.is_none()
    })
    .await;

    let quota = Quota {
        name: "places",
        burst: 2,
        period: Duration::from_mins(1),
    };
    let [one, two] = [0; 2].map(|_| RedisLimits::new(redis.clone()));
    take_in_turn(&one, &two, quota).await;

    let [here, there] = [0; 2].map(|_| RedisPresence::start(redis.clone(), &ids));
    here.enter(UserId(ids.uuid()));
    until("presence is shared", SOON, async || {
        there.online() == here.online()
    })
    .await;

    let [here, there] = [0; 2].map(|_| RedisBus::start(redis.clone(), &ids));
    let mut heard = there.listen();
    until("news are heard", SOON, async || {
        here.publish(News::PersonChanged {
            user_id: UserId(uuid::Uuid::from_u128(1)),
        });
        tokio::time::sleep(Duration::from_millis(20)).await;
        heard.try_recv().is_ok()
    })
    .await;

    let mirror = StreamMirror::start(redis, "socket.io");
    let (patterns, _heard) = Subscriber::open(redis);
    patterns.subscribe_pattern("souk:*");
    until("it is seen that somebody listens", SOON, async || {
        mirror.is_watched()
    })
    .await;
    mirror.claim(StreamKey::Store, 1).await.unwrap();
    a_job_goes_round(redis).await;
}

async fn a_job_goes_round(redis: &Redis) {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("souk.db"), SqliteOptions::default());
    let store = Arc::new(store.unwrap());
    let options = QueueOptions {
        stalled_every: Duration::from_millis(100),
        trim_every: Duration::from_millis(100),
        ..QueueOptions::default()
    };
    let queue = RedisQueue::start(
        redis.clone(),
        options.clone(),
        store.clone(),
        Arc::new(SystemClock),
        Arc::new(TestIds::default()),
    );
    answers(&queue).await;
    let mut later = receipt(3);
    later.run_at = later
        .run_at
        .checked_add(Duration::from_millis(300))
        .unwrap();
    let mut urgent = receipt(2);
    urgent.priority = 0;
    queue.push(vec![receipt(1), urgent, later]).await.unwrap();
    let lease = async || {
        for _ in 0..200 {
            let now = souk_app::ports::Clock::now(&SystemClock);
            let leased = queue.lease(1, now, Duration::from_secs(9)).await.unwrap();
            if let Some(leased) = leased.into_iter().next() {
                return leased;
            }
            queue.wait(Duration::from_millis(50)).await;
        }
        panic!("no job");
    };
    let now = souk_app::ports::Clock::now(&SystemClock);
    let first = lease().await;
    let (id, token) = (first.job.id, first.token);
    assert!(queue.retry(id, token, now, "not now").await.unwrap());
    let again = lease().await;
    let (id, token) = (again.job.id, again.token);
    assert!(queue.postpone(id, token, now).await.unwrap());
    for n in 0..3 {
        let leased = lease().await;
        let (id, token) = (leased.job.id, leased.token);
        let until = now.checked_add(SOON).unwrap();
        assert!(queue.renew(id, token, until).await.unwrap());
        if n == 0 {
            let failed = JobOutcome::Failed("no".into());
            souk_app::ports::store::OutboxStore::settle(
                &*store,
                vec![settlement(&leased, &failed)],
            )
            .await
            .unwrap();
            assert!(queue.fail(id, token, "no").await.unwrap());
        } else {
            assert!(queue.finish(id, token).await.unwrap());
        }
    }
    let counts = queue.counts(now).await.unwrap();
    assert_eq!((counts.ready, counts.active, counts.delayed), (0, 0, 0));
    // Two looks for old jobs and for locks that ran out.
    tokio::time::sleep(Duration::from_millis(300)).await;
}

/// The rights that docs/decisions/0012-redis-is-a-carrier.md tells operators to give.
fn documented_rights() -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs/decisions/0012-redis-is-a-carrier.md");
    let page = std::fs::read_to_string(page).unwrap();
    let block = page.split("```acl").nth(1).unwrap();
    let block = block.split("```").next().unwrap();
    block.split_whitespace().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_documented_rights_are_enough_and_no_more_are_asked_for() {
    let server = Server::start().await.unwrap();
    let admin = connect(&server.url());
    admin.until_up().await;
    let mut user = cmd("ACL");
    user.arg("SETUSER").arg("souk").arg("on").arg(">p@ss/word");
    for right in documented_rights() {
        user.arg(right);
    }
    admin.query::<()>(&user).await.unwrap();
    let url = format!("redis://souk:p%40ss%2Fword@127.0.0.1:{}", server.port());
    let redis = connect(&url);
    all_works(&redis).await;
    // The adapter: an instance joins the others, and is heard by them.
    let [one, other] = [Site::start(&url, 1).await, Site::start(&url, 2).await];
    one.servers(2).await;
    one.everyone().server_side_emit(&["hello".into()]);
    assert_eq!(other.said(1).await, [serde_json::json!(["hello"])]);
    let refused: redis::Value = admin.query(cmd("ACL").arg("LOG")).await.unwrap();
    assert_eq!(refused, redis::Value::Array(vec![]));
    // They are no more than that.
    for other in [
        cmd("FLUSHALL"),
        cmd("CONFIG").arg("GET").arg("*").to_owned(),
        cmd("KEYS").arg("*").to_owned(),
        cmd("GET").arg("another:key").to_owned(),
        cmd("PUBLISH").arg("another").arg("x").to_owned(),
    ] {
        assert!(redis.query::<redis::Value>(&other).await.is_err());
    }
    let wrong = connect(&format!("redis://souk:wrong@127.0.0.1:{}", server.port()));
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!wrong.is_up());
}

fn openssl(folder: &Path, arguments: &str) {
    let made = Command::new("openssl")
        .args(arguments.split_whitespace())
        .current_dir(folder)
        .output()
        .unwrap();
    assert!(made.status.success(), "{arguments}: {made:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_checked_against_the_authority_that_is_named() {
    let folder = Folder::new("tls").unwrap();
    let path = folder.path();
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
    openssl(
        path,
        &format!("req -x509 {key} -keyout ca.key -out ca.pem -subj /CN=ca"),
    );
    openssl(
        path,
        &format!("req {key} -keyout redis.key -out redis.csr -subj /CN=redis"),
    );
    std::fs::write(path.join("ext"), "subjectAltName=IP:127.0.0.1").unwrap();
    openssl(
        path,
        "x509 -req -in redis.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out redis.pem",
    );
    let port = free_port().unwrap();
    let file = |name: &str| path.join(name).display().to_string();
    let server = Server::start_with(&[
        "--tls-port",
        &port.to_string(),
        "--tls-cert-file",
        &file("redis.pem"),
        "--tls-key-file",
        &file("redis.key"),
        "--tls-ca-cert-file",
        &file("ca.pem"),
        "--tls-auth-clients",
        "no",
    ])
    .await
    .unwrap();
    let redis = connect(&format!("rediss://127.0.0.1:{port}?ca={}", file("ca.pem")));
    all_works(&redis).await;
    // An authority that the machine does not know is not trusted, and neither is another name of the same server.
    let untrusted = connect(&format!("rediss://127.0.0.1:{port}"));
    let misnamed = connect(&format!("rediss://localhost:{port}?ca={}", file("ca.pem")));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert!(!untrusted.is_up() && !misnamed.is_up());
    let unreadable = Address::parse("rediss://h?ca=/nowhere").unwrap();
    assert_eq!(
        Redis::start(unreadable, Arc::new(TestIds::default())).err(),
        Some(AddressError::Authority)
    );
    drop(server);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_carries_all_of_it() {
    let server = Server::start_with(&["--cluster-enabled", "yes"])
        .await
        .unwrap();
    let admin = connect(&server.url());
    admin.until_up().await;
    let slots = cmd("CLUSTER")
        .arg("ADDSLOTSRANGE")
        .arg(0)
        .arg(16_383)
        .to_owned();
    admin.query::<()>(&slots).await.unwrap();
    until("the cluster is whole", SOON, async || {
        let info: String = admin.query(cmd("CLUSTER").arg("INFO")).await.unwrap();
        info.contains("cluster_state:ok")
    })
    .await;
    let redis = connect(&format!("redis+cluster://127.0.0.1:{}", server.port()));
    all_works(&redis).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sentinels_lead_to_the_master_and_to_the_next_one() {
    let mut master = Server::start().await.unwrap();
    let of = format!("127.0.0.1 {}", master.port());
    let replica = Server::start_with(&["--replicaof", &of]).await.unwrap();
    let (folder, port) = (Folder::new("sentinel").unwrap(), free_port().unwrap());
    let config = folder.path().join("sentinel.conf");
    std::fs::write(
        &config,
        format!(
            "port {port}\nbind 127.0.0.1\ndir {}\nsentinel monitor shop 127.0.0.1 {} 1\n\
             sentinel down-after-milliseconds shop 500\nsentinel failover-timeout shop 2000\n",
            folder.path().display(),
            master.port(),
        ),
    )
    .unwrap();
    let arguments = [config.display().to_string(), "--sentinel".into()];
    let _sentinel = Process::start("redis-server", &arguments, |command| {
        command.stdout(std::process::Stdio::null());
    })
    .unwrap();
    let sentinel = connect(&format!("redis://127.0.0.1:{port}"));
    sentinel.until_up().await;
    until("the sentinel knows the replica", SOON * 3, async || {
        let known: Vec<redis::Value> = sentinel
            .query(cmd("SENTINEL").arg("REPLICAS").arg("shop"))
            .await
            .unwrap();
        !known.is_empty()
    })
    .await;
    let redis = connect(&format!("redis+sentinel://127.0.0.1:{port}/shop"));
    all_works(&redis).await;
    master.kill();
    until("the replica is used", SOON * 3, async || {
        let role: Result<Vec<redis::Value>, _> = redis.query(&cmd("ROLE")).await;
        role.is_ok_and(|role| role.first() == Some(&redis::Value::BulkString(b"master".into())))
    })
    .await;
    let direct = connect(&replica.url());
    direct.until_up().await;
    redis
        .query::<()>(cmd("SET").arg("souk:k").arg(7))
        .await
        .unwrap();
    let read: u8 = direct.query(cmd("GET").arg("souk:k")).await.unwrap();
    assert_eq!(read, 7);
    a_job_goes_round(&redis).await;
}
