//! What Souk says of itself: logs and metrics. Never a secret, a token or a mail's body.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::{self, BufWriter, IsTerminal as _, Stderr, Write};
use std::sync::{LazyLock, OnceLock};
use std::time::Duration;

use anyhow::Context as _;
use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_appender::non_blocking::{ErrorCounter, NonBlockingBuilder, WorkerGuard};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::config::LogFormat;

/// Seconds, from a cached read to a job that hangs.
const SECONDS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0,
];
/// Commands of a batch.
const SIZES: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

/// Lines that may wait for whoever reads the log; some megabytes.
const WAITING_LINES: usize = 16_384;

/// Bytes that a pipe takes in one piece (`PIPE_BUF`): processes that share one do not write into each other's lines.
const ATOMIC: usize = 4_096;
/// How long lines gather after some were written: one write is for many then, and not every line wakes the thread.
const GATHERING: Duration = Duration::from_millis(5);
/// Time for the last lines of a process that ends without dropping its log.
const LAST_LINES: Duration = Duration::from_millis(50);

/// Standard error, with a pause after what waited was written.
struct Gathered(BufWriter<Stderr>);

impl Write for Gathered {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        self.0.write(lines)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()?;
        std::thread::sleep(GATHERING);
        Ok(())
    }
}

/// Lines of the log for which there was no room.
static LOST: OnceLock<ErrorCounter> = OnceLock::new();

/// The log of this process. What waits is written when it is dropped, as far as somebody takes it within a second.
#[must_use]
pub struct Log {
    _rest: WorkerGuard,
}

/// Starts logging on standard error, by a thread of its own: whoever reads the log may stand still, and nothing else waits
/// for that. Lines past what may wait are lost, and counted. Panics go to the log too.
pub fn start_logs(filter: &str, format: Option<LogFormat>) -> anyhow::Result<Log> {
    let filter = EnvFilter::try_new(filter).context("--log is not a filter")?;
    let format = format.unwrap_or_else(|| {
        if io::stderr().is_terminal() {
            LogFormat::Text
        } else {
            LogFormat::Json
        }
    });
    let (writer, rest) = NonBlockingBuilder::default()
        .buffered_lines_limit(WAITING_LINES)
        .thread_name("log")
        .finish(Gathered(BufWriter::with_capacity(ATOMIC, io::stderr())));
    LOST.get_or_init(|| writer.error_counter());
    let registry = tracing_subscriber::registry().with(filter);
    let started = match format {
        LogFormat::Json => {
            let layer = tracing_subscriber::fmt::layer()
                .json()
                .flatten_event(true)
                .with_current_span(true)
                .with_span_list(false);
            registry.with(layer.with_writer(writer)).try_init()
        }
        LogFormat::Text => registry
            .with(tracing_subscriber::fmt::layer().with_writer(writer))
            .try_init(),
    };
    started.context("logging was started before")?;
    // Else a panic would be written to standard error at once, and wait for its reader.
    std::panic::set_hook(Box::new(|panic| {
        let thread = std::thread::current();
        let backtrace = Backtrace::capture();
        let backtrace = (backtrace.status() == BacktraceStatus::Captured).then_some(backtrace);
        tracing::error!(
            thread = thread.name(),
            backtrace = backtrace.map(tracing::field::display),
            "{panic}"
        );
    }));
    Ok(Log { _rest: rest })
}

/// Gives the log a moment, before this process ends at once.
pub fn last_lines() {
    std::thread::sleep(LAST_LINES);
}

/// The metrics of this process, in the text format of Prometheus. The first call installs their recorder; calls that come
/// meanwhile wait for it.
pub fn metrics() -> anyhow::Result<&'static PrometheusHandle> {
    static INSTALLED: LazyLock<Result<PrometheusHandle, BuildError>> = LazyLock::new(|| {
        PrometheusBuilder::new()
            .set_buckets(&SECONDS)?
            .set_buckets_for_metric(Matcher::Suffix("_size".to_owned()), &SIZES)?
            .install_recorder()
    });
    INSTALLED
        .as_ref()
        .map_err(|error| anyhow::anyhow!("metrics cannot be kept: {error}"))
}

/// Folds what was recorded into its buckets now and then, so that memory stays small when nobody asks for metrics; and
/// counts lines that the log lost.
pub fn keep_metrics(handle: &'static PrometheusHandle) -> tokio::task::JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_secs(5)).await;
            handle.run_upkeep();
            if let Some(lost) = LOST.get() {
                let lines = u64::try_from(lost.dropped_lines()).unwrap_or(u64::MAX);
                metrics::counter!("souk_log_lines_lost_total").absolute(lines);
            }
        }
    })
}
