//! The listeners of a running monitor: control socket and network.

use jiff::Timestamp;

use crate::config::Config;
use crate::io::control::{ControlSocket, Hub, NetworkListener, Server, SocketError, StatusOf};

use super::error::OpenError;

/// Name of the file in the service's folder that records signed orders, to reject replays.
const SIGNED_ORDERS: &str = "signed-orders";

#[derive(Default)]
pub struct Listeners {
    socket: Option<ControlSocket>,
    network: Option<NetworkListener>,
}

impl Listeners {
    /// Opens the configured listeners. A resumed run continues without one that fails, and reports it through `tell`.
    pub async fn open(
        config: &Config,
        resumed: bool,
        now: Timestamp,
        tell: &(dyn Fn(&str) + Sync),
    ) -> Result<Self, OpenError> {
        let socket = match ControlSocket::bind(&config.control.socket, config.control.group.as_deref()).await {
            Ok(socket) => {
                if let Some(why) = socket.kept_out() {
                    tell(&format!("{why}: {}", why.advice()));
                }
                Some(socket)
            }
            Err(error) if resumed && !matches!(error, SocketError::Live { .. }) => {
                tell(&format!("the control socket is unavailable, so clients cannot attach: {error}"));
                None
            }
            Err(error) => return Err(error.into()),
        };
        let signed_orders = config.service_dir().join(SIGNED_ORDERS);
        let (notify, now) = (config.notify.secret.as_ref(), now.as_second());
        let network = match NetworkListener::bind(&config.control, notify, &signed_orders, now).await {
            Ok(network) => network,
            Err(error) if resumed => {
                tell(&format!("control.listen is unavailable, so clients cannot attach over the network: {error}"));
                None
            }
            Err(error) => return Err(error.into()),
        };
        Ok(Self { socket, network })
    }

    pub fn serve(self, hub: &Hub, status: StatusOf) -> Option<Server> {
        let Self { socket, network } = self;
        let any = socket.is_some() || network.is_some();
        any.then(|| Server::start(socket, network, hub.clone(), status))
    }
}
