//! nginx in front of a fleet, with the very files that are deployed.

use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::Process;
use crate::process::Ending;

/// A running nginx. It needs no root.
#[derive(Debug)]
pub struct Nginx {
    port: u16,
    _process: Process,
}

impl Nginx {
    /// Starts it with the template of `deploy/nginx/fleet`, rendered into `folder`, in front of servers on these ports.
    pub async fn start(
        folder: &Path,
        port: u16,
        api: &[u16],
        realtime: &[u16],
    ) -> anyhow::Result<Self> {
        let deployed = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/nginx"))
            .canonicalize()
            .context("deploy/nginx is missing")?;
        let template = std::fs::read_to_string(deployed.join("fleet/nginx.conf.template"))?;
        let servers = |ports: &[u16]| {
            let line = |port| format!("server 127.0.0.1:{port} max_fails=2 fail_timeout=2s;\n");
            ports.iter().map(line).collect::<String>()
        };
        // Who is shunned is asked before nobody is, as in `souk.conf`.
        let again = |port: &u16| format!("server 127.0.0.1:{port} max_fails=0 backup;\n");
        let api_servers = servers(api) + &api.iter().map(again).collect::<String>();
        let text = template
            .replace("@FOLDER@", &folder.display().to_string())
            .replace("@SOUK_NGINX@", &deployed.display().to_string())
            .replace("@LISTEN@", &format!("127.0.0.1:{port}"))
            // One machine plays all clients.
            .replace("@UNLIMITED@", "127.0.0.0/8 1;")
            .replace("@API_SERVERS@", &api_servers)
            .replace("@REALTIME_SERVERS@", &servers(realtime));
        let config = folder.join("nginx.conf");
        std::fs::write(&config, text)?;
        let arguments = [
            "-p".to_owned(),
            folder.display().to_string(),
            "-c".to_owned(),
            config.display().to_string(),
        ];
        let program = ["/usr/sbin/nginx", "/usr/local/sbin/nginx"]
            .map(PathBuf::from)
            .into_iter()
            .find(|path| path.exists())
            .context("nginx is missing: run scripts/install.sh test")?;
        // A killed master would leave its workers behind.
        let mut process = Process::start_to_end(
            Ending::Asked,
            &program.display().to_string(),
            &arguments,
            |command| {
                command.stdout(Stdio::null()).stderr(Stdio::null());
            },
        )?;
        let until = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            anyhow::ensure!(
                process.is_running() && Instant::now() < until,
                "nginx does not listen: see {}",
                folder.join("error.log").display()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(Self {
            port,
            _process: process,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }
}
