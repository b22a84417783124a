//! Runs the monitor in this process.

use support::Deployment;
use switchback::app::monitor::{Begin, Finished, OnSignal, Opened, Opening, open, run};
use switchback::config::{Inputs, Loaded, load};
use switchback::io::ports::Ports;
use switchback::model::{Actor, Ending};

/// The configuration as the program would load it in the folder.
fn loaded(deployment: &Deployment) -> Loaded {
    let flags = deployment.settings.iter().map(|(key, value)| ((*key).to_owned(), value.clone())).collect();
    load(Inputs { flags, folder: deployment.folder().to_owned(), ..Inputs::default() }).unwrap()
}

/// Opens a run that can begin.
pub async fn opened(deployment: &Deployment, begin: Begin) -> Opened {
    let actor = Actor::Operator("ana@deploy-1".to_owned());
    match open(&Ports::real(), &loaded(deployment), begin, actor, &|_| ()).await.unwrap() {
        Opening::Ready(opened) => *opened,
        Opening::Ended { ending, .. } => panic!("ended before it began: {}", ending.reason),
    }
}

/// Runs to the end.
pub async fn watched(deployment: &Deployment, begin: Begin) -> Ending {
    match run(opened(deployment, begin).await, OnSignal::Abort, None).await {
        Finished::Ended(ending) => ending,
        Finished::CutOff | Finished::StoodDown | Finished::Saved => panic!("nobody sent a signal"),
    }
}

/// Watches the deployment that is active to the end.
pub async fn soaked(deployment: &Deployment) -> Ending {
    watched(deployment, Begin::Soak).await
}

/// Does something to a deployment while a run is under way: once `when` is true of its files.
pub fn meanwhile(
    deployment: &std::sync::Arc<Deployment>,
    what: &'static str,
    when: impl FnMut(&Deployment) -> bool + Send + 'static,
    then: impl FnOnce(&Deployment) + Send + 'static,
) -> tokio::task::JoinHandle<()> {
    let deployment = std::sync::Arc::clone(deployment);
    tokio::task::spawn_blocking(move || {
        deployment.wait_until(what, when);
        then(&deployment);
    })
}
