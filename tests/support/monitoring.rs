//! A real Prometheus or `VictoriaMetrics` on a free port of 127.0.0.1 that scrapes services of a test.

use std::fmt::Write as _;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::{Service, free_port};

/// How long a server may take until it answers.
const LIMIT: Duration = Duration::from_mins(1);

/// Which server it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Prometheus,
    VictoriaMetrics,
}

/// A running server; it ends when it is dropped.
pub struct Monitoring {
    child: Child,
    port: u16,
    /// Its configuration and data, gone with it.
    _folder: TempDir,
}

impl Monitoring {
    /// A server that scrapes each of these with its color in the label `color`. `rules` are groups of alerting rules in YAML;
    /// only Prometheus evaluates them.
    pub fn start(kind: Kind, targets: &[(&str, &Service)], rules: &str) -> Self {
        let mut jobs = "- job_name: shop\n  static_configs:\n".to_owned();
        for (color, service) in targets {
            let target = service.url().replace("http://", "");
            let _ = writeln!(jobs, "  - targets: ['{target}']\n    labels: {{color: {color}}}");
        }
        Self::scraping(kind, &jobs, targets.len(), rules)
    }

    /// A server with these jobs in YAML, which have so many targets and are scraped five times a second.
    pub fn scraping(kind: Kind, jobs: &str, targets: usize, rules: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let mut config = "global:\n  scrape_interval: 200ms\n  scrape_timeout: 200ms\n".to_owned();
        if kind == Kind::Prometheus {
            config.push_str("  evaluation_interval: 200ms\nrule_files: [rules.yml]\n");
        }
        let _ = write!(config, "scrape_configs:\n{jobs}");
        fs::write(folder.path().join("config.yml"), config).unwrap();
        fs::write(folder.path().join("rules.yml"), format!("groups:\n{rules}")).unwrap();
        let port = free_port();
        let (name, args) = match kind {
            Kind::Prometheus => (
                "prometheus",
                [
                    "--config.file=config.yml".to_owned(),
                    "--storage.tsdb.path=data".to_owned(),
                    format!("--web.listen-address=127.0.0.1:{port}"),
                ],
            ),
            Kind::VictoriaMetrics => (
                "victoria-metrics",
                [
                    "-promscrape.config=config.yml".to_owned(),
                    "-storageDataPath=data".to_owned(),
                    format!("-httpListenAddr=127.0.0.1:{port}"),
                ],
            ),
        };
        let mut command = Command::new(name);
        command.args(args).current_dir(folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        let started = command.spawn();
        assert!(started.is_ok(), "{name} cannot be started ({started:?}); run: apt-get install {name}");
        let server = Self { child: started.unwrap(), port, _folder: folder };
        server.wait_for("up", targets);
        server
    }

    /// Its base URL.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Stops it and waits until it is gone.
    pub fn stop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Waits until a query finds so many series.
    #[track_caller]
    pub fn wait_for(&self, query: &str, series: usize) {
        let deadline = Instant::now() + LIMIT;
        loop {
            let answer = self.ask(query).unwrap_or_default();
            if answer.matches("\"metric\"").count() == series {
                return;
            }
            assert!(Instant::now() < deadline, "`{query}` never found {series} series: {answer}");
            sleep(Duration::from_millis(50));
        }
    }

    /// Waits until a query finds anything.
    #[track_caller]
    pub fn wait_for_any(&self, query: &str) {
        let deadline = Instant::now() + LIMIT;
        loop {
            let answer = self.ask(query).unwrap_or_default();
            assert!(!answer.contains("\"status\":\"error\""), "`{query}`: {answer}");
            if answer.contains("\"metric\"") {
                return;
            }
            assert!(Instant::now() < deadline, "`{query}` never found anything: {answer}");
            sleep(Duration::from_millis(50));
        }
    }

    fn ask(&self, query: &str) -> std::io::Result<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(LIMIT))?;
        let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        write!(
            stream,
            "GET /api/v1/query?query={query}&nocache=1 HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    }
}

impl Drop for Monitoring {
    fn drop(&mut self) {
        self.stop();
    }
}
