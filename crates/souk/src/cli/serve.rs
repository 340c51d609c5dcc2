//! `souk serve`

use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::config::{EngineOptions, ServeOptions};
use crate::wire::Souk;
use crate::{server, supervisor, telemetry};

/// Serves the shop.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    options: ServeOptions,
}

impl Serve {
    pub(super) fn run(self, engines: &EngineOptions) -> anyhow::Result<ExitCode> {
        self.options.check()?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()?;
        runtime.block_on(serve(engines, &self.options))?;
        // Threads that still wait for a file or a hash have nothing to say any more.
        runtime.shutdown_timeout(Duration::from_secs(1));
        Ok(ExitCode::SUCCESS)
    }
}

async fn serve(engines: &EngineOptions, options: &ServeOptions) -> anyhow::Result<()> {
    let listener = server::listen(options.listen)
        .with_context(|| format!("cannot listen on {}", options.listen))?;
    let stop = CancellationToken::new();
    // Before anything says that it listens: whoever reads that may ask to stop at once.
    tell_of_signals(&stop)?;
    let souk = Souk::start(engines, options, listener).await?;
    for line in souk.greeting() {
        super::say(line);
    }
    super::say(&format!("listening on http://{}", souk.address()));
    supervisor::ready();
    tokio::spawn(supervisor::keep_alive(souk.app().clone(), stop.clone()));
    stop.cancelled().await;
    supervisor::stopping();
    tracing::info!("stopping: what runs may finish");
    souk.stop(Duration::from_secs(options.stop_deadline)).await;
    tracing::info!("stopped");
    Ok(())
}

/// SIGTERM and Ctrl-C ask to stop; a second one stops at once.
fn tell_of_signals(stop: &CancellationToken) -> anyhow::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = stop.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if stop.is_cancelled() {
                telemetry::last_lines();
                std::process::exit(1);
            }
            stop.cancel();
        }
    });
    Ok(())
}
