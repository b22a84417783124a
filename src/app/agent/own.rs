//! The agent's own configuration, lock and listeners.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::app::inputs;
use crate::config::{Config, Loaded, Origin, keep_secret, load};
use crate::io::control::{ControlSocket, NetworkListener};
use crate::io::journal::{create_private_dir, rfc3339_ms};
use crate::io::state::{Holder, Lock};

use super::error::AgentError;

/// The agent's own file in its folder, where there is one.
pub const FILE: &str = "agent.toml";
/// The folder of the agent's lock and log below `DATA_DIR`. No service has such a name.
const PLACE: &str = ".agent";
const SIGNED_ORDERS: &str = "signed-orders";

/// An agent that can begin.
#[derive(Debug)]
pub struct Own {
    /// The folder with the files of the services.
    pub folder: PathBuf,
    /// Its `service_dir` is the place of the agent's lock and log.
    pub config: Config,
    /// What is odd about its own file.
    pub warnings: Vec<String>,
}

impl Own {
    /// Reads `agent.toml` of this folder. The folder has to be there, and ours.
    pub fn read(folder: &Path) -> Result<Self, AgentError> {
        let error = |source| AgentError::Folder { path: folder.to_owned(), source };
        let path = folder.canonicalize().map_err(error)?;
        if !fs::metadata(&path).map_err(error)?.is_dir() {
            return Err(AgentError::NotAFolder { path });
        }
        if let Some(why) = inputs::distrust(&path) {
            return Err(AgentError::Distrusted(why));
        }
        let file = path.join(FILE);
        let loaded = load(inputs::of_agent(&file));
        let loaded = loaded.map_err(|problems| AgentError::Config { path: file.clone(), problems })?;
        if let Some(key) = foreign(&loaded) {
            return Err(AgentError::Foreign { path: file, key });
        }
        let socket = loaded.settings.iter().find(|setting| setting.key == "control.socket");
        let is_default = socket.is_none_or(|setting| setting.origin == Origin::Default);
        let Loaded { mut config, warnings, .. } = loaded;
        PLACE.clone_into(&mut config.service);
        if is_default {
            config.control.socket = config.data_dir.join("agent.sock");
        }
        config.control.url = None;
        keep_secret(&config);
        Ok(Self { folder: path, config, warnings })
    }

    /// Where it is asked.
    pub fn socket(&self) -> &Path {
        &self.config.control.socket
    }

    /// Where its lock is.
    pub(super) fn lock_path(&self) -> PathBuf {
        self.config.service_dir().join("lock")
    }

    /// This process, as its lock names it.
    pub(super) fn holder(&self, now: jiff::Timestamp) -> Holder {
        let (folder, since) = (self.folder.display().to_string(), rfc3339_ms(now));
        Holder { pid: std::process::id(), service: "agent".to_owned(), folder, since }
    }

    /// Held for as long as the agent runs.
    pub(super) async fn lock(&self, holder: &Holder) -> Result<Lock, AgentError> {
        let place = self.config.service_dir();
        let error = |source: io::Error| AgentError::Folder { path: place.clone(), source };
        create_private_dir(&place).map_err(error)?;
        Lock::of_folder(self.lock_path(), "another agent watches this folder", holder).await.map_err(AgentError::Lock)
    }

    pub(super) async fn bind(&self) -> Result<ControlSocket, AgentError> {
        let control = &self.config.control;
        Ok(ControlSocket::bind(&control.socket, control.group.as_deref()).await?)
    }

    pub(super) async fn network(&self, now: jiff::Timestamp) -> Result<Option<NetworkListener>, AgentError> {
        let Config { control, notify, .. } = &self.config;
        let signed_orders = self.config.service_dir().join(SIGNED_ORDERS);
        Ok(NetworkListener::bind(control, notify.secret.as_ref(), &signed_orders, now.as_second()).await?)
    }
}

/// A key of the file that is not the agent's.
fn foreign(loaded: &Loaded) -> Option<&'static str> {
    let is_of_file = |origin: &Origin| matches!(origin, Origin::File { .. });
    let is_foreign = |key: &str| !key.starts_with("control.") || ["control.url"].contains(&key);
    let mut settings = loaded.settings.iter();
    settings.find(|setting| is_of_file(&setting.origin) && is_foreign(setting.key)).map(|setting| setting.key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_agents_own_file_has_control_keys_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let own = Own::read(folder.path()).unwrap();
        let data = folder.path().canonicalize().unwrap().join(".switchback");
        assert_eq!(own.socket(), data.join("agent.sock"));
        assert_eq!(own.config.service_dir(), data.join(".agent"));
        fs::write(folder.path().join(FILE), "[control]\nsocket = \"/run/switchback/agent.sock\"\n").unwrap();
        assert_eq!(Own::read(folder.path()).unwrap().socket(), Path::new("/run/switchback/agent.sock"));
        fs::write(folder.path().join(FILE), "service = \"shop\"\n").unwrap();
        let error = Own::read(folder.path()).unwrap_err();
        assert!(error.to_string().contains("sets `service`: it may hold `[control]` keys only"), "{error}");
        assert_eq!(error.exit_code(), 2);
        fs::write(folder.path().join(FILE), "[control]\nlisten = \"10.0.0.7:9710\"\n").unwrap();
        assert!(Own::read(folder.path()).unwrap_err().to_string().contains("control.listen"));
    }

    #[test]
    fn a_folder_that_is_missing_a_file_or_open_to_others_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Own::read(&folder.path().join("missing")), Err(AgentError::Folder { .. })));
        fs::write(folder.path().join("file"), "").unwrap();
        assert!(matches!(Own::read(&folder.path().join("file")), Err(AgentError::NotAFolder { .. })));
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let error = Own::read(folder.path()).unwrap_err();
        assert!(error.to_string().contains("other users can write to"), "{error}");
    }
}
