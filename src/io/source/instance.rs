//! Who answers for an instance: the network, or whatever a simulation hands in.

use std::fmt;
use std::pin::Pin;

use tokio::time::Instant;

use super::fetch::ClientError;
use super::probe::Probe;
use super::scrape::Scraper;
use crate::config::{Config, InstanceUrl};
use crate::core::soak::{Readiness, Sample};
use crate::model::Color;
use measure::page::Agreement;

/// An asynchronous answer.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Where the samples of an instance come from.
pub trait Source: fmt::Debug + Send + Sync {
    /// Both colors agree on the counter of requests.
    fn instance(
        &self,
        config: &Config,
        color: Color,
        url: &InstanceUrl,
        agreement: &Agreement,
    ) -> Result<Asked, ClientError>;
}

/// What asks one instance.
pub struct Asked {
    /// `None` if no check reads metrics.
    pub metrics: Option<Box<dyn Metrics>>,
    /// For its readiness.
    pub readiness: Box<dyn ReadinessProbe>,
}

/// The metrics of one instance.
pub trait Metrics: Send {
    /// Reads them once.
    fn sample(&mut self) -> Later<'_, Sample>;
}

/// The readiness of one instance.
pub trait ReadinessProbe: Send {
    /// Asks once, after `before` questions whose answers are ignored.
    fn probe(&mut self, before: u64) -> Later<'_, Readiness>;
}

#[derive(Clone, Copy, Debug)]
pub struct Network;

impl Source for Network {
    fn instance(
        &self,
        config: &Config,
        color: Color,
        url: &InstanceUrl,
        agreement: &Agreement,
    ) -> Result<Asked, ClientError> {
        let scraper = config.reads_pages().then(|| Scraper::of(config, color, url)).transpose()?;
        let probe = Probe::of(config, url)?;
        let scraper = scraper.map(|scraper| scraper.agreeing(agreement).beside(&probe));
        Ok(Asked {
            metrics: scraper.map(|scraper| Box::new(scraper) as Box<dyn Metrics>),
            readiness: Box::new(Probing { probe, pause: None }),
        })
    }
}

impl Metrics for Scraper {
    fn sample(&mut self) -> Later<'_, Sample> {
        Box::pin(async {
            match self.scrape().await {
                Ok(reading) => Sample::Good(reading),
                Err(error) => Sample::Failed(error.to_string()),
            }
        })
    }
}

/// A probe, and how long the instance wants not to be asked.
struct Probing {
    probe: Probe,
    pause: Option<(Instant, Readiness)>,
}

impl ReadinessProbe for Probing {
    fn probe(&mut self, before: u64) -> Later<'_, Readiness> {
        Box::pin(async move {
            for _ in 0..before {
                if self.pause.is_some() || self.probe.probe().await.is_err() {
                    break;
                }
            }
            if let Some((until, said)) = &self.pause
                && Instant::now() < *until
            {
                return said.clone();
            }
            self.pause = None;
            match self.probe.probe().await {
                Ok(_) => Readiness::Ready,
                Err(error) if error.is_not_ready() => Readiness::NotReady(error.to_string()),
                Err(error) => {
                    let said = Readiness::Unknown(error.to_string());
                    self.pause = error.pause().map(|pause| (Instant::now() + pause, said.clone()));
                    said
                }
            }
        })
    }
}
