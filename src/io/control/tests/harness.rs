//! A run that is published by hand, behind a server.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use crate::app::deploy::testing::Harness as Deployments;
use crate::core::soak::testing::{HEALTHY, Harness as Soak, settings};
use crate::core::soak::{ClockOrigin, Envelope, RecordingHeader};
use crate::core::view::View;
use crate::io::control::routes::Api;
use crate::io::control::server::Serves;
use crate::io::control::shared::SharedStatus;
use crate::io::control::stream::Pace;
use crate::io::control::{Client, ControlSocket, Events, Hub, NetworkListener, Order, Server, StreamItem};
use crate::io::journal::{RecordingWriter, SoakId};
use crate::io::ports::SystemDisk;

/// So many events are kept in memory.
pub const KEPT: usize = 64;

pub struct Harness {
    pub hub: Hub,
    pub client: Client,
    pub orders: mpsc::Receiver<Order>,
    pub server: Server,
    pub socket: PathBuf,
    /// The events of a run, to be published and recorded.
    pub events: Vec<Envelope>,
    pub writer: RecordingWriter,
    folder: tempfile::TempDir,
    deployments: Deployments,
}

impl Harness {
    pub async fn start() -> Self {
        Self::start_for(rustix::process::geteuid().as_raw()).await
    }

    /// A server that is for this user and for root.
    pub async fn start_for(user: u32) -> Self {
        Self::start_with(user, None).await
    }

    /// The same, which listens on the network as well.
    pub async fn start_with(user: u32, network: Option<NetworkListener>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut soak = Soak::new(settings());
        soak.seconds(40, HEALTHY);
        let clock = ClockOrigin { boot: "test".to_owned(), origin_ms: 0 };
        let header = RecordingHeader::new(settings(), Vec::new(), clock);
        let id: SoakId = settings().soak.parse().unwrap();
        let writer = RecordingWriter::create(folder.path(), &id, &header, Arc::new(SystemDisk)).unwrap();
        let (hub, orders) = Hub::with_kept(KEPT, &header, writer.path().to_owned(), View::new(settings()));
        let socket = folder.path().join("control.sock");
        let pace = Pace { keep_alive: Duration::from_millis(50), stuck: Duration::from_millis(300) };
        let deployments = Deployments::switched();
        let deployment = deployments.deployment.clone();
        let status = Arc::new(move || {
            let deployment = deployment.clone();
            let told = async move { deployment.status(Some(true)).await.map_err(|error| error.to_string()) };
            Box::pin(told) as std::pin::Pin<Box<dyn Future<Output = _> + Send>>
        });
        let api = Api { hub: hub.clone(), status: SharedStatus::new(status, Duration::ZERO), pace };
        let bound = ControlSocket::bind(&socket, None).await.unwrap();
        let api: Arc<dyn Serves> = Arc::new(api);
        let server = Server::start_for(user, Some(bound), network, &api);
        let client = Client::new(&socket);
        Self { hub, client, orders, server, socket, events: soak.log, writer, folder, deployments }
    }

    /// Publishes and records events, counted from 0.
    pub fn publish(&mut self, range: std::ops::Range<usize>) {
        for envelope in &self.events[range] {
            self.writer.write(envelope).unwrap();
            self.hub.publish(envelope, serde_json::to_vec(envelope).unwrap().into());
        }
    }

    /// Publishes them and leaves them out of the recording.
    pub fn publish_only(&self, range: std::ops::Range<usize>) {
        self.events[range]
            .iter()
            .for_each(|envelope| drop(self.hub.publish(envelope, serde_json::to_vec(envelope).unwrap().into())));
    }

    pub fn break_state_file(&self) {
        self.deployments.write_state("{");
    }

    pub fn recording(&self) -> PathBuf {
        self.folder.path().join("soaks").join(format!("{}.jsonl", settings().soak))
    }
}

/// The next events of a stream, by their places.
pub async fn places(events: &mut Events, count: usize) -> Vec<u64> {
    let mut places = Vec::new();
    while places.len() < count {
        match events.next().await.unwrap() {
            StreamItem::Header(header) => assert_eq!(header.settings, settings()),
            StreamItem::Event(envelope) => places.push(envelope.seq),
            other => panic!("{other:?}"),
        }
    }
    places
}

/// Waits for what is to happen within seconds.
pub async fn until(what: &str, mut done: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !done().await {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        sleep(Duration::from_millis(100)).await;
    }
}
