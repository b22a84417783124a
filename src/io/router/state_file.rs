//! Router `state-file`: the state file is the truth, and something else reads it.

use super::{Moved, Replace, Router, RouterFuture};
use crate::io::state::StateFile;
use crate::model::Color;

/// Moves nothing itself: the state write that belongs to every move is the move.
#[derive(Clone, Debug)]
pub struct StateFileRouter {
    state_file: StateFile,
}

impl StateFileRouter {
    /// The kind as the configuration spells it.
    pub const KIND: &str = "state-file";

    /// For this state file.
    pub const fn new(state_file: StateFile) -> Self {
        Self { state_file }
    }
}

impl Router for StateFileRouter {
    fn kind(&self) -> &'static str {
        Self::KIND
    }

    fn reads_state_file(&self) -> bool {
        true
    }

    fn switch(&self, _: Color, _: Replace) -> RouterFuture<'_, Moved> {
        Box::pin(async { Ok(Moved::default()) })
    }

    fn rollback(&self, _: Color, _: Replace) -> RouterFuture<'_, Moved> {
        Box::pin(async { Ok(Moved::default()) })
    }

    fn read(&self) -> RouterFuture<'_, Color> {
        Box::pin(async { Ok(self.state_file.read()?.active()) })
    }

    fn try_out(&self, to: Color, _: Replace) -> RouterFuture<'_, Vec<String>> {
        Box::pin(async move {
            let now = self.state_file.read()?.active();
            let file = self.state_file.path().display();
            Ok(vec![format!("write {to} into `{file}` (now: {now}); whatever reads it moves traffic")])
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::{RouterConfig, RouterKind};
    use crate::io::router::Replace;
    use crate::io::router::api::from_config;

    #[tokio::test]
    async fn the_state_file_says_where_traffic_is_and_moves_leave_it_to_its_writer() {
        let tmp = tempfile::tempdir().unwrap();
        let state_file = StateFile::open(&tmp.path().join("state.json")).unwrap();
        let folder = tmp.path().to_owned();
        let config = RouterConfig { kind: RouterKind::StateFile, timeout: Duration::from_secs(1), probe: None, folder };
        let router = from_config(&config, &state_file, "shop", tmp.path());
        assert_eq!((router.kind(), router.reads_state_file()), ("state-file", true));
        assert_eq!(router.switch(Color::Green, Replace::Ours).await.unwrap(), Moved::default());
        assert_eq!(router.rollback(Color::Green, Replace::Ours).await.unwrap(), Moved::default());
        assert_eq!(router.read().await.unwrap(), Color::Blue);

        std::fs::write(state_file.path(), r#"{"activeColor":"green"}"#).unwrap();
        assert_eq!(router.read().await.unwrap(), Color::Green);
        std::fs::write(state_file.path(), "").unwrap();
        let corrupt = router.read().await.unwrap_err().to_string();
        assert!(corrupt.contains("is corrupt"), "{corrupt}");
    }
}
