//! Texts about servers: of a move, a dry run, a backend in other hands, and `doctor`.

use tokio::time::Instant;

use super::HaproxyRouter;
use super::parked::{Parked, Way};
use super::plan::{Plan, Raise, Servers, plan};
use super::servers::Server;
use crate::io::router::{Foreign, Remark, RouterError};
use crate::model::Color;

pub struct Decided {
    pub plan: Plan,
    pub coming: Vec<Server>,
    pub going: Vec<Server>,
    pub others: Vec<Server>,
    pub known: Parked,
}

impl Decided {
    pub fn told(&self) -> String {
        let raised = raised(&self.plan.raise, &format!("{} already serve", names(&self.coming)));
        match &self.plan.away[..] {
            [] => raised,
            away => format!("{raised}, {} to {}", names(away), self.plan.way.word()),
        }
    }

    pub fn foreseen(&self, backend: &str) -> Vec<String> {
        let counted = self.coming.iter().filter(|server| self.plan.counted.contains(&server.name));
        let first = match &self.plan.raise[..] {
            [] => format!("leave {}", states(counted)),
            raise => format!("set {} ({})", raised(raise, ""), states(counted)),
        };
        let then = match &self.plan.away[..] {
            [] => format!("{} already away", states(&self.going)),
            away => format!("then {} to {}", names(away), self.plan.way.word()),
        };
        let mut lines = vec![format!("{first}, {then}")];
        if self.plan.raise.iter().any(|raise| raise.weight.is_some() && raise.server.initial_weight == 0) {
            lines.push(
                "HAProxy may refuse a weight other than 0, depending on `balance`; only the move shows it".to_owned(),
            );
        }
        lines.extend(self.notes(backend));
        if !self.others.is_empty() {
            lines.push(format!("servers that belong to neither color stay as they are: {}", names(&self.others)));
        }
        lines
    }

    pub fn notes(&self, backend: &str) -> Vec<String> {
        let Plan { stay, absent, .. } = &self.plan;
        let stays = |server: &Server| {
            let (name, state) = (&server.name, server.state());
            let back = brings_back(backend, server, server.initial_weight.max(1)).join(", ");
            format!("{name} stays {state}, as it was left while its color served (to use it: {back})")
        };
        let mut notes: Vec<String> = stay.iter().map(stays).collect();
        if !absent.is_empty() {
            notes.push(format!("without an address, so not waited for: {}", names(absent)));
        }
        notes
    }

    pub fn beside(&self, backend: &str) -> String {
        format!(
            "{} still takes traffic as well (to end that: {})",
            names(&self.others),
            takes_out(backend, &self.others)
        )
    }
}

fn brings_back(backend: &str, server: &Server, weight: u32) -> Vec<String> {
    let name = &server.name;
    let ready = server.is_in_maintenance() || server.is_draining();
    let ready = ready.then(|| format!("`set server {backend}/{name} state ready`"));
    let weight = (server.weight == 0).then(|| format!("`set server {backend}/{name} weight {weight}`"));
    ready.into_iter().chain(weight).collect()
}

fn takes_out(backend: &str, servers: &[Server]) -> String {
    let maint = |server: &Server| format!("`set server {backend}/{} state maint`", server.name);
    servers.iter().map(maint).collect::<Vec<_>>().join(", ")
}

/// Such as `g1, g2 ready` or `g1 to weight 100`.
fn raised(raise: &[Raise], nothing: &str) -> String {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for raise in raise {
        let how = match (raise.ready, raise.weight) {
            (_, None) => "ready".to_owned(),
            (false, Some(weight)) => format!("to weight {weight}"),
            (true, Some(weight)) => format!("ready with weight {weight}"),
        };
        match groups.iter_mut().find(|(known, _)| *known == how) {
            Some((_, names)) => names.push(&raise.server.name),
            None => groups.push((how, vec![&raise.server.name])),
        }
    }
    let told: Vec<String> = groups.into_iter().map(|(how, names)| format!("{} {how}", names.join(", "))).collect();
    if told.is_empty() { nothing.to_owned() } else { told.join(", ") }
}

impl HaproxyRouter {
    /// What is there if neither color serves while another server does; `None` if it is ours.
    pub(super) fn foreign(&self, blue: &[&Server], green: &[&Server], others: &[Server]) -> Option<Foreign> {
        let known = self.parked.read();
        let plans = |color: Color| {
            let (coming, going) = color.pick((blue, green), (green, blue));
            plan(color, Servers { coming, going }, self.config.away, &known)
        };
        let serves = blue.iter().chain(green).any(|server| server.is_ready());
        if serves || others.is_empty() {
            return None;
        }
        let backend = &self.config.backend;
        let out: Vec<Server> = blue.iter().chain(green).map(|server| (*server).clone()).collect();
        let found = format!("{}, while {}", states(others), states(&out));
        let step = |color| {
            let raise = |raise: &Raise| brings_back(backend, &raise.server, raise.weight.unwrap_or(1)).join(", ");
            let raised: Vec<String> = plans(color).raise.iter().map(raise).collect();
            format!("give HAProxy {}, then {}", raised.join(", "), takes_out(backend, others))
        };
        Some(Foreign::new(format!("HAProxy backend {backend}"), found.as_bytes(), step))
    }

    /// For `doctor`: servers that are out while their color serves, and servers without an address.
    pub(super) async fn look_closer(&self) -> Result<Vec<Remark>, RouterError> {
        let servers = self.servers(Instant::now() + self.limit).await?;
        let mut remarks = Vec::new();
        for color in [Color::Blue, Color::Green] {
            let of_color = self.of(color, &servers)?;
            let is_live = of_color.iter().any(|server| server.is_ready());
            for server in of_color {
                let (name, state, backend) = (&server.name, server.state(), &self.config.backend);
                if !server.has_address() {
                    let next = "look at the resolvers of HAProxy, or give it one: set server BACKEND/SERVER addr";
                    remarks
                        .push(Remark::warning(format!("haproxy server {name} of {color} is without an address"), next));
                } else if is_live && server.is_out() {
                    let text = format!(
                        "haproxy server {name} of {color} is {state} while {color} serves: a move does not change it"
                    );
                    remarks.push(Remark::warning(
                        text,
                        format!("when it is well: set server {backend}/{name} state ready"),
                    ));
                }
            }
        }
        Ok(remarks)
    }
}

impl Way {
    pub const fn command(self) -> &'static str {
        match self {
            Self::Drain => "state drain",
            Self::Maint => "state maint",
            Self::Weight => "weight 0",
        }
    }

    pub fn word(self) -> &'static str {
        self.command().trim_start_matches("state ")
    }
}

pub fn names<'a>(servers: impl IntoIterator<Item = &'a Server>) -> String {
    servers.into_iter().map(|server| server.name.as_str()).collect::<Vec<_>>().join(", ")
}

pub fn states<'a>(servers: impl IntoIterator<Item = &'a Server>) -> String {
    servers.into_iter().map(|server| format!("{} {}", server.name, server.state())).collect::<Vec<_>>().join(", ")
}
